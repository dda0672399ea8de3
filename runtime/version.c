/* SPDX-License-Identifier: MIT */
/* What this library is called and what its return values mean. */
#include "rota.h"
#include <errno.h>

#define TEXT(x)			     #x
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *rota_version(void)
{
	return VERSION(ROTA_VERSION_MAJOR, ROTA_VERSION_MINOR,
			ROTA_VERSION_PATCH);
}

const char *rota_strerror(int error)
{
	switch (error) {
	case 0:
		return "success";
	case -EINVAL:
		return "invalid argument, or not a live pool";
	case -E2BIG:
		return "options of a newer version that this one lacks";
	case -ENOMEM:
		return "out of memory";
	case -EAGAIN:
		return "the queue is full, or a thread could not be started";
	case -ESHUTDOWN:
		return "the pool is closed";
	case -EDEADLK:
		return "the call would wait for the job that makes it";
	case -ETIMEDOUT:
		return "the deadline passed";
	case -EMSGSIZE:
		return "the closure is larger than ROTA_COPY_MAX";
	case -EOWNERDEAD:
		return "the pool belongs to the parent of this process";
	case -ENOSYS:
		return "the kernel is too old (4.14 is needed)";
	case -EBUSY:
		return "still in use, running now, or paused";
	case -EPERM:
		return "not called by a job, or not prepared";
	case -ENODATA:
		return "the pool does not measure";
	case -ECANCELED:
		return "the group or job was cancelled";
	case -ENOTSUP:
		return "not in a bounded pool";
	case -EINPROGRESS:
		return "the job is not over";
	case -EALREADY:
		return "it is over, or pending already";
	default:
		return "not an error of rota";
	}
}
