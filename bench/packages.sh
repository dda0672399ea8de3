# SPDX-License-Identifier: MIT
# The Debian packages that rota needs, for bench/run and tests/run to source.
# Nothing else in the project installs anything.

build_packages=(gcc libc6-dev libck-dev libhttp-parser-dev libjansson-dev
	meson ninja-build pkg-config python3)
bench_packages=(linux-perf strace valgrind wrk)
test_packages=(abigail-tools cmake curl doxygen g++ libhiredis-dev libuv1-dev
	mandoc redis-server spin zlib1g-dev)
# Other pools to compare with (bench/peers), and the compilers for some; optional:
# a build has those whose package is there. For the long sessions of bench/run.
peer_packages=(cthreadpool-dev g++ golang-go libaprutil1-dev libboost-dev
	libconcurrentqueue-dev libglib2.0-dev libpthreadpool-dev libtbb-dev
	libuv1-dev rustc)
fuzz_packages=(clang libclang-rt-14-dev)
analysis_packages=(clang-tidy cppcheck)

# need_packages NAME...: install what is missing if we may, else name it and
# return 1. Where there is no dpkg, it trusts that all is there.
need_packages()
{
	local name missing=()

	command -v dpkg-query >/dev/null || return 0
	for name in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null |
			grep -qx installed || missing+=("$name")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "These packages are missing; as root, run:" >&2
		echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
		return 1
	fi
	echo "Installing ${missing[*]}" >&2
	apt-get update -qq >&2 &&
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends "${missing[@]}" >&2 ||
		{ echo "apt-get could not install: ${missing[*]}" >&2; return 1; }
}
