/* SPDX-License-Identifier: MIT */
/*
 * treesum: one checksum for a whole directory tree, whoever computes it when.
 * See entry.h for what is summed.
 *
 * It shows nested jobs: the job of a directory makes a group, submits a member
 * for each entry and waits for them, which runs those that no other worker has
 * taken. So it ends with one worker too. A job can be inside of ROTA_HELP_DEPTH
 * such waits; one that is so deep, and one whose members the pool refuses, does
 * without: walk() needs neither a group nor stack. And it shows a blocking
 * region: some more threads stand in for those that wait.
 *
 * A tree that could not be read as a whole has no checksum.
 */
#include "entry.h"
#include <errno.h>
#include <rota.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rota_pool *pool;

/* All that nobody else does, in and below an entered directory. */
static void walk(struct entry *top)
{
	struct entry *dir = top, *parent;

	do {
		if (dir->next < dir->nr) {
			struct entry *entry = &dir->entries[dir->next++];

			if (entry_enter(entry))
				dir = entry;
			continue;
		}
		parent = dir->parent;
		entry_leave(dir);
		if (dir == top)
			return;
		dir = parent;
	} while (true);
}

/*
 * The wait runs queued members of the group, but no other jobs. When all that
 * is left of it runs elsewhere, this worker sleeps, however many other jobs are
 * queued: so another thread may take its place meanwhile.
 */
static void wait_for(struct rota_group *group)
{
	int error = rota_group_wait_until(group, 0);

	if (error == -ETIMEDOUT) {
		rota_blocking_begin();
		error = rota_group_wait(group);
		rota_blocking_end();
	}
	if (error || rota_group_fini(group))
		abort(); /* by the contract of rota.h it cannot be */
}

static void visit(void *arg)
{
	struct entry *entry = arg;
	struct rota_group group;

	if (!entry_enter(entry))
		return;
	if (entry->nr && !rota_group_init(&group, pool)) {
		/* Is there a wait to be had? With members it is too late to
		 * ask: nobody could wait for them. */
		if (rota_group_help(&group) != -EDEADLK)
			while (entry->next < entry->nr &&
					!rota_group_submit(&group, visit,
							&entry->entries[entry->next]))
				entry->next++;
		wait_for(&group);
	}
	walk(entry);
}

/* There is nobody to stand in for a single worker: it runs all itself. */
static unsigned most_threads(long workers)
{
	if (workers != 1)
		workers = 4 *
			  (workers ? workers : sysconf(_SC_NPROCESSORS_ONLN));
	return workers < (long)ROTA_MAX_WORKERS ? (unsigned)workers
						: ROTA_MAX_WORKERS;
}

static int visit_all(
		const struct rota_options *options, struct entry *roots, int nr)
{
	struct rota_group group;
	int error = rota_pool_create(options, &pool);

	if (error)
		return error;
	error = rota_group_init(&group, pool);
	if (!error) {
		for (int i = 0; i < nr; i++)
			if (rota_group_submit(&group, visit, &roots[i]))
				visit(&roots[i]);
		wait_for(&group);
	}
	rota_pool_destroy(pool);
	return error;
}

static int usage(void)
{
	fprintf(stderr, "usage: treesum [-p WORKERS] PATH...\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct rota_options options = {.size = sizeof(options)};
	struct rlimit files; /* as many as there are levels, for each worker */
	struct entry *roots;
	int option, number, error, nr;

	while ((option = getopt(argc, argv, "p:")) != -1) {
		number = option == 'p' ? atoi(optarg) : 0;
		if (number < 1 || number > (int)ROTA_MAX_WORKERS)
			return usage();
		options.workers = (unsigned)number;
	}
	nr = argc - optind;
	if (nr < 1)
		return usage();
	options.max_workers = most_threads(options.workers);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	roots = calloc((size_t)nr, sizeof(*roots));
	for (int i = 0; roots && i < nr; i++)
		roots[i] = (struct entry){.name = argv[optind + i], .fd = -1};
	error = roots ? visit_all(&options, roots, nr) : -ENOMEM;
	if (error)
		fprintf(stderr, "treesum: %s\n", rota_strerror(error));
	for (int i = 0; !error && !entry_errors() && i < nr; i++)
		printf("%08x  %s\n", roots[i].sum, roots[i].name);
	free(roots);
	if (fflush(stdout) || ferror(stdout)) {
		perror("treesum: write");
		return 1;
	}
	return error || entry_errors() ? 1 : 0;
}
