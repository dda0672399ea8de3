#!/bin/bash
# SPDX-License-Identifier: MIT
# Small projects of others that use rota: installed, from CMake and from Meson;
# and as a subproject of Meson. Each builds the README's example as C11 and a
# program in C++17, with all warnings as errors, and runs both.
# usage: consumers.sh SOURCE_ROOT BUILD_DIR
. "$(dirname "$0")/../tap.sh"
source=$1 build=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
warnings='-Wall -Wextra -Wpedantic -Wconversion -Werror'

mkdir "$dir/cmake" "$dir/meson"
awk '/^<!-- example -->$/ { armed = 1; next }
	armed && /^```c$/ { inside = 1; armed = 0; next }
	inside && /^```$/ { exit }
	inside { print }' "$source/README.md" > "$dir/example.c"
cat > "$dir/example.cc" <<'END'
#include <rota.h>
#include <atomic>
#include <cstdio>

static std::atomic<long> sum{0};

static void add(void *arg)
{
	sum += *static_cast<long *>(arg);
}

int main()
{
	rota_pool *pool = nullptr;
	rota_group group{};
	long numbers[] = {1, 2, 3, 4};

	if (rota_pool_create(nullptr, &pool) != 0 ||
	    rota_group_init(&group, pool) != 0)
		return 1;
	for (long &number : numbers)
		if (rota_group_submit(&group, add, &number) != 0)
			return 1;
	if (rota_group_wait(&group) != 0 || rota_group_fini(&group) != 0 ||
	    rota_pool_destroy(pool) != 0)
		return 1;
	std::printf("sum %ld\n", sum.load());
	return sum == 10 ? 0 : 1;
}
END
cp "$dir"/example.* "$dir/cmake"
cp "$dir"/example.* "$dir/meson"
cat > "$dir/cmake/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.18)
project(consumer C CXX)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
add_compile_options($(echo $warnings))
find_package(PkgConfig REQUIRED)
pkg_check_modules(ROTA REQUIRED IMPORTED_TARGET rota)
add_executable(example_c example.c)
add_executable(example_cc example.cc)
target_link_libraries(example_c PkgConfig::ROTA)
target_link_libraries(example_cc PkgConfig::ROTA)
END
cat > "$dir/meson/meson.build" <<'END'
project('consumer', 'c', 'cpp',
  default_options: ['c_std=c11', 'cpp_std=c++17', 'warning_level=3',
    'werror=true'])
rota = dependency('rota', fallback: 'rota')
add_project_arguments('-Wconversion', language: ['c', 'cpp'])
foreach language : ['c', 'cc']
  executable('example_' + language, 'example.' + language, dependencies: rota)
endforeach
END

prefix=$dir/prefix
install_into_prefix() {
	DESTDIR=$dir/root meson install -C "$build" --no-rebuild || return 1
	local pc old
	pc=$(find "$dir/root" -name rota.pc)
	old=$(sed -n 's/^prefix=//p' "$pc")
	mv "$dir/root$old" "$prefix" && sed -i "s|^prefix=.*|prefix=$prefix|" \
		"$prefix/${pc#"$dir/root$old/"}"
	libdir=$(dirname "$(find "$prefix" -name librota.so)")
}
run_both() { # run_both DIRECTORY
	local program
	for program in example_c example_cc; do
		LD_LIBRARY_PATH=$libdir timeout 20 "$1/$program" || return 1
	done
}
from_cmake() {
	PKG_CONFIG_PATH=$libdir/pkgconfig cmake -S "$dir/cmake" \
		-B "$dir/cmake/build" && cmake --build "$dir/cmake/build" &&
		run_both "$dir/cmake/build"
}
from_meson() {
	PKG_CONFIG_PATH=$libdir/pkgconfig meson setup "$dir/meson/installed" \
		"$dir/meson" && meson compile -C "$dir/meson/installed" &&
		readelf -d "$dir/meson/installed/example_c" |
			grep 'NEEDED.*librota.so.0' &&
		run_both "$dir/meson/installed"
}
as_subproject() {
	mkdir -p "$dir/meson/subprojects"
	ln -s "$(realpath "$source")" "$dir/meson/subprojects/rota"
	PKG_CONFIG_LIBDIR=$(pkg-config --variable pc_path pkg-config) \
		meson setup "$dir/meson/sub" "$dir/meson" --force-fallback-for=rota &&
		meson compile -C "$dir/meson/sub" && run_both "$dir/meson/sub"
}

if ! command -v "${CXX:-c++}" > /dev/null; then
	skip 'projects of others build' 'no C++ compiler'
	done_testing
	exit
fi
install_into_prefix > "$dir/log" 2>&1; installed=$?
is_installed() { cat "$dir/log"; return $installed; }
ok 'the library installs into an empty prefix' is_installed
if command -v cmake > /dev/null; then
	ok 'a project of CMake uses it through pkg-config' from_cmake
else
	skip 'a project of CMake uses it through pkg-config' 'no cmake'
fi
ok 'a project of Meson uses it installed' from_meson
ok 'a project of Meson uses it as a subproject' as_subproject
done_testing
