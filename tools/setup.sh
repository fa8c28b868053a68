#!/bin/sh
# Brings what a level needs: setup.sh demo | test | bench, each including the one before; or, with
# setup.sh tck, only the Technology Compatibility Kit of Reactive Streams (docs/flow.md).
# Silent and quick when nothing is missing. Packages come by apt, as root or through sudo.
set -eu

house=$(CDPATH='' cd "$(dirname "$0")/.." && pwd -P)
level=${1:-demo}
case $level in
    demo) depth=1 ;;
    test) depth=2 ;;
    bench) depth=3 ;;
    tck) depth=0 ;;
    *)
        echo "usage: setup.sh demo|test|bench|tck" >&2
        exit 2
        ;;
esac

say() {
    echo "setup: $*" >&2
}

fail() {
    say "error: $*"
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

exists() {
    [ -e "$1" ]
}

# The version of the clang to use: 19, which the project is tested with, or the newest from 15 on.
# Prints nothing for an unversioned clang that is new enough.
clang_suffix() {
    for version in 19 25 24 23 22 21 20 18 17 16 15; do
        if has "clang-$version"; then
            echo "-$version"
            return 0
        fi
    done
    if has clang; then
        major=$(clang -dumpversion | cut -d. -f1)
        [ "$major" -ge 15 ] && return 0
    fi
    return 1
}

# The newest clang from 15 on that apt offers, 19 first.
offered_clang_suffix() {
    for version in 19 25 24 23 22 21 20 18 17 16 15; do
        if is_offered "clang-$version"; then
            echo "-$version"
            return 0
        fi
    done
    return 1
}

is_offered() {
    has apt-cache && [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]
}

# ---- what is missing --------------------------------------------------------------------------

missing=''

# need PACKAGE PROBE...: notes the package unless the probe succeeds.
need() {
    package=$1
    shift
    "$@" || missing="$missing $package"
}

has_sanitizers() {
    for folder in "$(clang"$1" -print-resource-dir 2>/dev/null)"/lib/*; do
        for file in "$folder"/libclang_rt.fuzzer*.a; do
            exists "$file" && return 0
        done
    done
    return 1
}

# The compiler $1 makes 32-bit programs of the language $2, which include the header $3. Asking it
# where its libraries stand is not enough: it names the 64-bit ones where it has no others.
links_32_bit() {
    echo "#include <$3>
int main(void) { return 0; }" | "$1" -m32 -x "$2" - -o /dev/null 2>/dev/null
}

has_halide() {
    for file in /usr/lib/python3/dist-packages/halide*; do
        exists "$file" && return 0
    done
    return 1
}

has_venv() {
    exists "$house/.venv/bin/python" || python3 -c 'import ensurepip, venv' 2>/dev/null
}

find_missing() {
    missing=''
    need make has make
    need gcc has gcc
    need libc6-dev exists /usr/include/stdio.h
    need libsimde-dev exists /usr/include/simde/wasm/simd128.h
    need python3 has python3
    need python3-venv has_venv
    if ! has node; then
        missing="$missing nodejs npm"
    else
        need npm has npm
    fi
    if suffix=$(clang_suffix); then
        need "lld$suffix" has "wasm-ld$suffix"
    else
        suffix=$(offered_clang_suffix) || suffix=-19
        missing="$missing clang$suffix lld$suffix"
    fi
    if [ "$depth" -ge 2 ]; then
        find_missing_for_tests
    fi
    if [ "$depth" -ge 3 ]; then
        need python3-halide has_halide
        need libhalide14-0-dev exists /usr/include/halide14
        need libck-dev exists /usr/include/ck_ring.h
        need libuv1-dev exists /usr/include/uv.h
        need cargo has cargo
    fi
}

find_missing_for_tests() {
    need git has git
    need g++ has g++
    need "llvm$suffix" has "llvm-nm$suffix"
    need "libclang-rt$suffix-dev" has_sanitizers "$suffix"
    need clang-format-19 has clang-format-19
    need wabt has wasm-validate
    need binaryen has wasm-opt
    need qemu-user has qemu-aarch64
    case $(uname -m) in
        x86_64)
            need gcc-multilib links_32_bit gcc c stddef.h
            need libc6-dev-i386 links_32_bit gcc c stdio.h
            need g++-multilib links_32_bit g++ c++ new
            need libc6-dev-arm64-cross exists /usr/aarch64-linux-gnu/include/stdio.h
            ;;
    esac
}

# ---- bringing it ------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Runs a command that is quiet unless it fails.
quietly() {
    mkdir -p "$house/build"
    if ! "$@" >"$house/build/setup.log" 2>&1; then
        tail -n 30 "$house/build/setup.log" >&2
        fail "this failed: $*"
    fi
}

bring_packages() {
    find_missing
    [ -n "$missing" ] || return 0
    if has apt-get && { [ "$(id -u)" -eq 0 ] || has sudo; }; then
        install_missing
    else
        say "please install, as root:$missing (Debian's names for them)"
    fi
    # Tests that lack one of the others say so and are counted as skipped.
    for tool in make gcc python3; do
        has "$tool" || fail "nothing works without $tool"
    done
}

install_missing() {
    quietly as_root apt-get update
    find_missing # now that apt knows what it offers
    available=''
    for package in $missing; do
        if is_offered "$package"; then
            available="$available $package"
        else
            say "apt does not offer $package; what needs it is skipped"
        fi
    done
    say "installing$available"
    # shellcheck disable=SC2086 # a list of words
    quietly as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends $available
}

# Prometheus's checker of metrics, alone out of its package: installed, that starts a server.
bring_promtool() {
    folder=$house/build/promtool
    if has promtool || exists "$folder/promtool"; then
        return 0
    fi
    mkdir -p "$folder"
    say "taking promtool out of the package prometheus into build/promtool"
    if ! take_promtool >"$house/build/setup.log" 2>&1; then
        rm -f "$folder/promtool"
        say "that failed (build/setup.log says why); what needs promtool is skipped"
    fi
    rm -f "$folder"/prometheus*.deb
}

take_promtool() {
    is_offered prometheus || as_root apt-get update
    (cd "$folder" && apt-get download prometheus) &&
        dpkg-deb --fsys-tarfile "$folder"/prometheus*.deb |
        tar -x -C "$folder" --strip-components=3 ./usr/bin/promtool &&
        "$folder/promtool" --version
}

bring_python() {
    python=
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if has "$name" && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            python=$name
            break
        fi
    done
    [ -n "$python" ] || fail "Python 3.11 or later is needed; this is $(python3 --version)"
    requirements=$house/requirements.txt
    [ "$depth" -lt 2 ] || requirements=$house/requirements-test.txt
    stamp=$house/.venv/installed-$(basename "$requirements")
    wanted=$(cat "$house/requirements.txt" "$requirements")
    if [ -x "$house/.venv/bin/python" ] && [ "$wanted" = "$(cat "$stamp" 2>/dev/null)" ]; then
        return 0
    fi
    say "installing $(basename "$requirements") into .venv"
    [ -x "$house/.venv/bin/python" ] || quietly "$python" -m venv "$house/.venv"
    quietly "$house/.venv/bin/python" -m pip install --disable-pip-version-check -q \
        -r "$requirements"
    echo "$wanted" >"$stamp"
}

bring_npm() {
    if ! has npm; then
        say "there is no npm; the real data and the packages to compare with are left out"
        return 0
    fi
    folder=$house/build/npm
    wanted=$(cat "$house/tools/npm/package.json")
    installed=$(cat "$folder/installed" 2>/dev/null) || installed=0
    if [ "${installed#* }" = "$wanted" ] && [ "${installed%% *}" -ge "$depth" ]; then
        return 0
    fi
    set -- --omit=dev --omit=optional # the demonstration's dependencies
    [ "$depth" -lt 2 ] || set -- --omit=dev --include=optional
    [ "$depth" -lt 3 ] || set -- --include=dev --include=optional
    say "installing npm packages into build/npm"
    mkdir -p "$folder"
    cp "$house/tools/npm/package.json" "$folder/"
    quietly npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --silent "$@"
    ln -sfn npm/node_modules/vega-datasets/data "$house/build/data"
    echo "$depth $wanted" >"$folder/installed"
}

# The kit and what it needs, by Maven, which then is not needed any more. A JDK is not installed for
# it: `test` brings the kit only where there is one.
bring_tck() {
    folder=$house/build/tck
    wanted=$(cat "$house/tests/tck/pom.xml")
    if [ "$wanted" = "$(cat "$folder/installed" 2>/dev/null)" ]; then
        return 0
    fi
    say "fetching the kit of Reactive Streams into build/tck/jars"
    mkdir -p "$folder"
    rm -rf "$folder/jars"
    if ! mvn -B -q -f "$house/tests/tck/pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$folder/jars" >"$house/build/setup.log" 2>&1; then
        say "that failed (build/setup.log says why); the kit's tests are skipped"
        return 1
    fi
    echo "$wanted" >"$folder/installed"
}

has_java() {
    has java && has javac && has mvn
}

if [ "$level" = tck ]; then
    has_java || fail "the kit needs java, javac and mvn: install default-jdk-headless and maven"
    bring_tck || exit 1
    exit 0
fi

bring_packages
bring_python
bring_npm
[ "$depth" -lt 2 ] || bring_promtool
if [ "$depth" -ge 2 ] && has_java; then
    bring_tck || true
fi
