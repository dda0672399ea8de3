/* SPDX-License-Identifier: MIT */
/*
 * The files of treesum, without a word about jobs. Whoever is given an entry
 * calls entry_enter(), sees to the entries in it, if any, and then calls
 * entry_leave(). Entries of one directory may be entered at the same time.
 *
 * The checksum (CRC-32) of a file is that of its contents, of a symbolic link
 * that of its target, of a directory that of name, NUL, kind and checksum of
 * each entry in the order of their names. Anything else is 0. Links are not
 * followed.
 */
#ifndef EXAMPLES_ENTRY_H
#define EXAMPLES_ENTRY_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entry {
	struct entry *parent; /* NULL: named by the user */
	const char *name;
	struct dirent *found; /* where the name is; NULL: in argv */
	char kind;	      /* file, directory, link, other */
	uint32_t sum;
	int fd;		       /* of a directory, from enter to leave, */
	struct entry *entries; /* as are these: in the order of their names, */
	size_t nr;
	size_t next; /* and for the user, who starts at 0 */
};

/* What can be done at once. True: a directory, and entry_leave() is to follow. */
bool entry_enter(struct entry *entry);
/* All entries of it are over; they are freed. */
void entry_leave(struct entry *dir);
/* What could not be read, each with a message. */
unsigned entry_errors(void);

#endif
