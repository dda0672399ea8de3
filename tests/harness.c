/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_SKIP = 77 };

static struct test_case *first_case;
static struct test_case **last_link = &first_case;
static uint64_t seed;
static bool is_forked;

void test_register(struct test_case *test)
{
	*last_link = test;
	last_link = &test->next;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "# %s:%d: failed: %s\n", file, line, text);
	if (!is_forked)
		abort();
	_exit(1);
}

void test_skip(const char *why)
{
	dprintf(STDOUT_FILENO, "# skipped: %s\n", why);
	_exit(EXIT_SKIP);
}

void test_note(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "# %s\n", text);
}

uint64_t test_seed(void)
{
	return seed;
}

static void *nothing(void *arg)
{
	return arg;
}

static void call(const struct test_case *test)
{
	/* the first thread brings a helper of ThreadSanitizer, which stays */
	if (TEST_TSAN)
		thread_join(thread_start(nothing, NULL));
	if (test->run)
		test->run();
	else
		test->run_with(test->with);
}

static void note_file(const char *label, const char *format, int pid, int tid)
{
	char path[128];
	char text[200] = "?";
	FILE *file;

	snprintf(path, sizeof(path), format, pid, tid);
	file = fopen(path, "r");
	if (file) {
		if (fgets(text, sizeof(text), file))
			text[strcspn(text, "\n")] = '\0';
		fclose(file);
	}
	test_note("  thread %d %s: %s", tid, label, text);
}

/* Where each thread of a hung child waits. */
static void note_threads(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;
	int tid;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		tid = atoi(entry->d_name);
		if (tid <= 0)
			continue;
		note_file("name", "/proc/%d/task/%d/comm", pid, tid);
		note_file("waits in", "/proc/%d/task/%d/wchan", pid, tid);
		note_file("system call", "/proc/%d/task/%d/syscall", pid, tid);
	}
	if (tasks)
		closedir(tasks);
}

/* The wait status of the child, or -1 if it had to be killed. */
static int wait_child(pid_t pid, unsigned limit_s)
{
	uint64_t end = in_ms(limit_s * 1000ull);
	struct timespec tick = {0, 100000000};
	sigset_t chld;
	int status;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ns() < end) {
			sigtimedwait(&chld, NULL, &tick);
			continue;
		}
		note_threads(pid);
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		return -1;
	}
	kill(-pid, SIGKILL); /* what the case may have left running */
	return status;
}

static int run_forked(const struct test_case *test, unsigned limit_s)
{
	sigset_t chld, before;
	int status;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		is_forked = true;
		call(test);
		exit(0); /* leak checkers report here */
	}
	if (pid < 0) {
		test_note("fork: %s", strerror(errno));
		return 1 << 8;
	}
	setpgid(pid, pid);
	status = wait_child(pid, limit_s);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

static int run_all(void)
{
	unsigned nr = 0, passed = 0, failed = 0, skipped = 0;
	struct test_case *test;
	unsigned limit_s;
	int status;

	for (test = first_case; test; test = test->next)
		nr++;
	printf("1..%u\n# seed %llu\n", nr, (unsigned long long)seed);
	nr = 0;
	for (test = first_case; test; test = test->next) {
		limit_s = test->limit_s * TEST_SLOW;
		status = run_forked(test, limit_s);
		nr++;
		if (status == 0) {
			printf("ok %u - %s\n", nr, test->name);
			passed++;
		} else if (status != -1 && WIFEXITED(status) &&
				WEXITSTATUS(status) == EXIT_SKIP) {
			printf("ok %u - %s # SKIP\n", nr, test->name);
			skipped++;
		} else {
			if (status == -1)
				printf("# %s hung: killed after %u s\n",
						test->name, limit_s);
			else if (WIFSIGNALED(status))
				printf("# killed by signal %d (%s)\n",
						WTERMSIG(status),
						strsignal(WTERMSIG(status)));
			else
				printf("# exit status %d\n",
						WEXITSTATUS(status));
			printf("# again: --seed %llu\n",
					(unsigned long long)seed);
			printf("not ok %u - %s\n", nr, test->name);
			failed++;
		}
		fflush(stdout);
	}
	printf("# %u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed ? 1 : 0;
}

static int run_one(const char *name)
{
	struct test_case *test;

	for (test = first_case; test; test = test->next) {
		if (strcmp(test->name, name))
			continue;
		printf("1..1\n# seed %llu\n", (unsigned long long)seed);
		fflush(stdout);
		call(test);
		printf("ok 1 - %s\n# 1 passed, 0 failed\n", name);
		return 0;
	}
	fprintf(stderr, "no case %s; --list shows them\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	struct test_case *test;
	const char *name = NULL;
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = now_ns() * 0x9e3779b97f4a7c15ull >> 32;
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
			seed = strtoull(argv[++i], NULL, 0);
		} else if (!strcmp(argv[i], "--list")) {
			for (test = first_case; test; test = test->next)
				puts(test->name);
			return 0;
		} else if (argv[i][0] == '-' || name) {
			fprintf(stderr,
					"usage: %s [--list] [--seed N] "
					"[NAME]\n",
					argv[0]);
			return 2;
		} else {
			name = argv[i];
		}
	}
	return name ? run_one(name) : run_all();
}
