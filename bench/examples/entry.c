/* SPDX-License-Identifier: MIT */
#include "entry.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static atomic_uint nr_errors;

static void report(const struct entry *entry, int error)
{
	const struct entry *up;
	size_t bytes = 1;
	char *path, *at;

	/* relaxed: the end of each job orders it */
	atomic_fetch_add_explicit(&nr_errors, 1, memory_order_relaxed);
	for (up = entry; up; up = up->parent)
		bytes += strlen(up->name) + 1;
	path = malloc(bytes);
	if (path) {
		at = path + bytes - 1;
		*at = '\0';
		for (up = entry; up; up = up->parent) {
			size_t length = strlen(up->name);

			at = memcpy(at - length, up->name, length);
			if (up->parent)
				*--at = '/';
		}
	}
	fprintf(stderr, "treesum: %s: %s\n", path ? at : entry->name,
			strerror(error));
	free(path);
}

static int parent_fd(const struct entry *entry)
{
	return entry->parent ? entry->parent->fd : AT_FDCWD;
}

static void sum_file(struct entry *entry)
{
	/* Not on the stack, which holds up to 256 jobs inside one another. */
	static _Thread_local unsigned char buffer[1 << 16];
	int fd = openat(parent_fd(entry), entry->name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uLong sum = crc32(0, NULL, 0);
	ssize_t nr;

	if (fd < 0) {
		report(entry, errno);
		return;
	}
	while ((nr = read(fd, buffer, sizeof(buffer))) != 0) {
		if (nr > 0) {
			sum = crc32(sum, buffer, (uInt)nr);
		} else if (errno != EINTR) {
			report(entry, errno);
			break;
		}
	}
	entry->sum = (uint32_t)sum;
	close(fd);
}

static void sum_link(struct entry *entry)
{
	char target[PATH_MAX];
	ssize_t nr = readlinkat(
			parent_fd(entry), entry->name, target, sizeof(target));

	if (nr < 0)
		report(entry, errno);
	else
		entry->sum = (uint32_t)crc32(0, (void *)target, (uInt)nr);
}

static int is_entry(const struct dirent *found)
{
	return strcmp(found->d_name, ".") && strcmp(found->d_name, "..");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int list(struct entry *dir)
{
	struct dirent **found;
	int nr;

	dir->fd = openat(parent_fd(dir), dir->name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir->fd < 0)
		return errno;
	nr = scandirat(dir->fd, ".", &found, is_entry, by_name);
	if (nr < 0)
		return errno;
	dir->entries = calloc((size_t)nr + 1, sizeof(*dir->entries));
	for (int i = 0; i < nr; i++) {
		if (dir->entries)
			dir->entries[i] = (struct entry){.parent = dir,
					.name = found[i]->d_name,
					.found = found[i],
					.fd = -1};
		else
			free(found[i]);
	}
	free(found);
	if (!dir->entries)
		return ENOMEM;
	dir->nr = (size_t)nr;
	return 0;
}

bool entry_enter(struct entry *entry)
{
	struct stat st;
	int error;

	if (fstatat(parent_fd(entry), entry->name, &st, AT_SYMLINK_NOFOLLOW)) {
		report(entry, errno);
		return false;
	}
	entry->kind = S_ISREG(st.st_mode)   ? 'f'
		      : S_ISDIR(st.st_mode) ? 'd'
		      : S_ISLNK(st.st_mode) ? 'l'
					    : 'o';
	if (entry->kind == 'f')
		sum_file(entry);
	else if (entry->kind == 'l')
		sum_link(entry);
	if (entry->kind != 'd')
		return false;
	error = list(entry);
	if (error)
		report(entry, error);
	return true;
}

void entry_leave(struct entry *dir)
{
	uLong sum = crc32(0, NULL, 0);

	for (size_t i = 0; i < dir->nr; i++) {
		struct entry *entry = &dir->entries[i];
		uint32_t its = entry->sum;
		unsigned char rest[5] = {(unsigned char)entry->kind,
				(unsigned char)(its >> 24),
				(unsigned char)(its >> 16),
				(unsigned char)(its >> 8), (unsigned char)its};

		sum = crc32(sum, (void *)entry->name,
				(uInt)strlen(entry->name) + 1);
		sum = crc32(sum, rest, sizeof(rest));
		free(entry->found);
	}
	dir->sum = (uint32_t)sum;
	free(dir->entries);
	if (dir->fd >= 0)
		close(dir->fd);
}

unsigned entry_errors(void)
{
	return atomic_load_explicit(&nr_errors, memory_order_relaxed);
}
