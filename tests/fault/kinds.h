/* SPDX-License-Identifier: MIT */
/*
 * The calls of the library that are made to fail: one line each, included
 * where INJECT() says what becomes of it. tests/fault/complete.sh sees to it
 * that none is forgotten.
 *
 *	INJECT(name, type, parameters, arguments, value when failed, errors)
 *	INJECT_BY_HAND(kind, errors)	its wrapper is in inject.c
 *
 * Each of the errors is tried. A value may use `error`; errno is set too.
 */
/* clang-format off */
INJECT(malloc, void *, (size_t bytes), (bytes), NULL, ENOMEM)
INJECT(mmap, void *, (void *at, size_t bytes, int prot, int flags, int fd, off_t from), (at, bytes, prot, flags, fd, from), MAP_FAILED, ENOMEM)
INJECT(mprotect, int, (void *at, size_t bytes, int prot), (at, bytes, prot), -1, ENOMEM)
INJECT(madvise, int, (void *at, size_t bytes, int advice), (at, bytes, advice), -1, EINVAL)
INJECT(pthread_create, int, (pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg), (thread, attr, run, arg), error, EAGAIN, EPERM)
INJECT(pthread_attr_init, int, (pthread_attr_t *attr), (attr), error, ENOMEM)
INJECT(pthread_attr_setsigmask_np, int, (pthread_attr_t *attr, const sigset_t *mask), (attr, mask), error, ENOMEM)
INJECT(pthread_attr_setaffinity_np, int, (pthread_attr_t *attr, size_t bytes, const cpu_set_t *set), (attr, bytes, set), error, ENOMEM)
INJECT(pthread_attr_setstacksize, int, (pthread_attr_t *attr, size_t bytes), (attr, bytes), error, EINVAL)
INJECT(pthread_setname_np, int, (pthread_t thread, const char *name), (thread, name), error, ERANGE)
INJECT(pthread_key_create, int, (pthread_key_t *key, void (*end)(void *)), (key, end), error, EAGAIN)
INJECT(pthread_setspecific, int, (pthread_key_t key, const void *value), (key, value), error, ENOMEM)
INJECT(sched_getaffinity, int, (pid_t pid, size_t bytes, cpu_set_t *set), (pid, bytes, set), -1, EINVAL)
INJECT(__sched_cpualloc, cpu_set_t *, (size_t nr), (nr), NULL, ENOMEM)
INJECT(fopen, FILE *, (const char *path, const char *mode), (path, mode), NULL, ENOENT, EMFILE)
INJECT(eventfd, int, (unsigned value, int flags), (value, flags), -1, EMFILE, ENFILE, ENOMEM)
INJECT(nanosleep, int, (const struct timespec *time, struct timespec *left), (time, left), -1, EINTR)
INJECT_BY_HAND(fgets, EIO, INJECT_CUT_SHORT, INJECT_ODD_TEXT)
INJECT_BY_HAND(futex_wait, INJECT_SPURIOUS, EINTR, EAGAIN, EINVAL, ENOSYS, ETIMEDOUT)
INJECT_BY_HAND(membarrier, ENOSYS, EPERM)
INJECT_BY_HAND(clock_gettime, INJECT_HOUR_AHEAD, INJECT_STAND_STILL)
