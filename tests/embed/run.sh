#!/bin/bash
# SPDX-License-Identifier: MIT
# The example of README.md, built as a user would: against the installed
# library, found by pkg-config, shared and static. It must end with status 0. And
# what README.md says about installing, word for word.
# usage: run.sh SOURCE_ROOT BUILD_DIR
. "$(dirname "$0")/../tap.sh"
source=$1 build=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CC=${CC:-cc}

# The fenced block that follows the line <!-- MARK -->.
block() { # MARK LANGUAGE
	awk -v mark="<!-- $1 -->" -v fence="\`\`\`$2" '
	$0 == mark { armed = 1; next }
	armed && $0 == fence { inside = 1; armed = 0; next }
	inside && /^```$/ { exit }
	inside { print }' "$source/README.md"
}
extract() {
	block example c > "$dir/example.c"
	grep -q 'rota_submit' "$dir/example.c" || {
		echo 'README.md has no C block after <!-- example -->'
		return 1
	}
}
install_into_dir() {
	DESTDIR=$dir/root meson install -C "$build" --no-rebuild
}
find_package() {
	local pc
	pc=$(find "$dir/root" -name rota.pc)
	[ -n "$pc" ] || return 1
	prefix=$(sed -n 's/^prefix=//p' "$pc")
	export PKG_CONFIG_PATH=${pc%/*}
	package() { pkg-config --define-variable=prefix="$dir/root$prefix" "$@" rota; }
	libdir=$(package --variable=libdir)
	[ -e "$libdir/librota.so" ] && [ -e "$libdir/librota.a" ]
}
one_header() { # nothing else may be installed as public
	local headers
	headers=$(find "$dir/root" -name '*.h' -printf '%f\n')
	echo "$headers"
	[ "$headers" = rota.h ]
}
version() {
	echo "$(package --modversion)"
	grep -q "version: '$(package --modversion)'" "$source/meson.build"
}
alone() { # nothing that rota is built with is asked of its users
	PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=$libdir/pkgconfig package \
		--cflags --libs --static
}
library_only() { # the same, where no package but CK is found
	mkdir "$dir/ck" && cp "$(pkg-config --variable=pcfiledir ck)/ck.pc" "$dir/ck" &&
		PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=$dir/ck meson setup "$dir/only" \
			"$source" -Dlibrary_only=true --prefix="$prefix" &&
		DESTDIR=$dir/only-root meson install -C "$dir/only" &&
		diff <(cd "$dir/root" && find . | sort) \
			<(cd "$dir/only-root" && find . | sort)
}
# By somebody who has nothing but the files, and does what is written.
as_written() {
	mkdir "$dir/home" "$dir/home/files" || return 1
	cp -r "$source/runtime" "$source/meson.build" "$source/meson_options.txt" \
		"$dir/home/files" && cp "$dir/example.c" "$dir/home/files/prog.c"
	block install sh > "$dir/install.sh"
	(cd "$dir/home/files" && MANPAGER=cat HOME=$dir/home \
		bash -e "$dir/install.sh") > "$dir/said" 2>&1
	local status=$?
	cat "$dir/said"
	[ $status -eq 0 ] && grep -qx '4 jobs ran, sum 30' "$dir/said" &&
		grep -q '^ROTA(7)' "$dir/said"
}
build_shared() {
	# shellcheck disable=SC2046
	$CC -Wall -Wextra -Werror "$dir/example.c" -o "$dir/shared" \
		$(package --cflags --libs) &&
		readelf -d "$dir/shared" | grep -q 'NEEDED.*librota\.so'
}
build_static() {
	# shellcheck disable=SC2046
	$CC -Wall -Wextra -Werror "$dir/example.c" -static -o "$dir/static" \
		$(package --cflags --static --libs) &&
		! readelf -d "$dir/static" | grep -q librota
}
run_program() { LD_LIBRARY_PATH=$libdir timeout 20 "$@"; }

ok 'README.md has an example' extract
ok 'the library installs into a directory' install_into_dir
find_package; found=$?
is_found() { return $found; }
ok 'pkg-config finds it, shared and static' is_found
ok 'one header is installed' one_header
ok 'pkg-config knows the version' version
ok 'pkg-config needs no other package' alone
ok 'the library alone is built without what the rest needs' library_only
ok 'the example builds against the shared library' build_shared
ok 'the example runs with the shared library' run_program "$dir/shared"
ok 'the example builds against the static library' build_static
ok 'the example runs with the static library' run_program "$dir/static"
if command -v man > /dev/null; then
	ok 'what README.md says about installing does what it says' as_written
else
	skip 'what README.md says about installing' 'no man: apt install man-db'
fi
done_testing
