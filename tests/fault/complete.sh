#!/bin/bash
# SPDX-License-Identifier: MIT
# Each function of libc that the library calls is made to fail, or cannot.
# usage: complete.sh KINDS_H LIBRARY
. "$(dirname "$0")/../tap.sh"

by_hand=(clock_gettime fgets syscall)
# They cannot fail, or what they return does not matter.
harmless=(__errno_location __gcc_personality_v0 __pthread_{un,}register_cancel
	__pthread_unwind_next __sigsetjmp _Unwind_Resume close fclose free getpid mem{cpy,set,move} munmap
	pthread_attr_destroy pthread_clockjoin_np
	pthread_exit pthread_join pthread_timedjoin_np pthread_key_delete
	pthread_once pthread_self pthread_set{cancelstate,} pthread_sigmask read __sched_cpu{count,free} sched_yield sigdelset sigfillset
	snprintf sprintf sscanf str{chr,rchr,len,cspn,ncmp,tol,toll} sysconf
	write)

called() {
	nm -u "$1" | awk '$1 == "U" { print $2 }' | sort -u |
		comm -23 - <(nm --defined-only "$1" | awk 'NF == 3 { print $3 }' |
			sort -u) |
		grep -vE '^(_GLOBAL_OFFSET_TABLE_|__(asan|tsan|ubsan|stack_chk|tls_get|sanitizer).*)$' |
		sed -E 's/^__isoc(99|23)_//; s/64$//; s/^__(.*)_chk$/\1/; s/^__sysconf$/sysconf/'
}
injected() {
	sed -n 's/^INJECT(\([^,]*\),.*/\1/p' "$1"
}
complete() {
	local left
	left=$(called "$2" | grep -vxF -f <(injected "$1"
		printf '%s\n' "${by_hand[@]}" "${harmless[@]}"))
	[ -z "$left" ] || echo "no line in $1, nor harmless:" $left
	[ -z "$left" ]
}
ok 'what may fail is made to fail' complete "$1" "$2"
something() { [ "$(called "$1" | wc -l)" -gt 20 ]; }
ok 'the library calls something' something "$2"
done_testing
