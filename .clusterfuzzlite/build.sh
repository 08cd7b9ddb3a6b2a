#!/usr/bin/env bash
# Builds every fuzz target for ClusterFuzzLite and for OSS-Fuzz, and is called as they call it.
#
# The tree is $SRC/comheap. It writes the build to $WORK, and nothing else except $OUT: each target,
# its seeds in TARGET_seed_corpus.zip, and TARGET.options. The compilers, their flags and the engine
# are $CC, $CXX, $CFLAGS, $CXXFLAGS and $LIB_FUZZING_ENGINE; the flags already hold those of
# $SANITIZER. Exit status 2, and one sentence with the reason, where that is not enough.
set -eu

fail() {
    echo "build.sh: $*" >&2
    exit 2
}

for name in SRC WORK OUT CC CXX LIB_FUZZING_ENGINE; do
    [ -n "${!name-}" ] || fail "\$$name is not set; OSS-Fuzz's base-builder image sets it"
done
for name in CFLAGS CXXFLAGS; do # These may be empty, but by intent.
    [ -n "${!name+set}" ] || fail "\$$name is not set; OSS-Fuzz's base-builder image sets it"
done
tree=$SRC/comheap
[ -e "$tree/fuzz/engines/targets.def" ] ||
    fail "$tree/fuzz holds no engines/targets.def: \$SRC/comheap has to be the tree"
[ -d "$WORK" ] && [ -d "$OUT" ] || fail "\$WORK is '$WORK' and \$OUT is '$OUT': both are folders"
work=$(cd "$WORK" && pwd)
out=$(cd "$OUT" && pwd)

if [ "${ARCHITECTURE-}" = i386 ]; then
    [[ " $CFLAGS " = *" -m32 "* ]] || CFLAGS="-m32 $CFLAGS"
    [[ " $CXXFLAGS " = *" -m32 "* ]] || CXXFLAGS="-m32 $CXXFLAGS"
fi
export CC CFLAGS

generator="Unix Makefiles"
! command -v ninja >/dev/null || generator=Ninja

# build FOLDER OPTION... -- TARGET...: builds some of the tree. A newer compiler warns of more than
# ours do, and that ends nothing.
build() {
    local folder=$work/$1 options=()
    shift
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    rm -rf "$folder"
    cmake -S "$tree" -B "$folder" -G "$generator" -D CMAKE_COMPILE_WARNING_AS_ERROR=OFF \
        "${options[@]}"
    cmake --build "$folder" --parallel "$(nproc)" --target "${@:2}"
}

# heapfuzz compiles the seeds here and now, so it is for this machine, whatever the targets are for
# and whatever the engine makes of $CC.
host=$(command -v clang || command -v gcc || command -v cc) ||
    fail "heapfuzz compiles the seeds, and there is no clang, gcc or cc to build it"
build host -D CMAKE_C_COMPILER="$host" -D CMAKE_C_FLAGS= -D CMAKE_EXE_LINKER_FLAGS= \
    -D COMHEAP_FUZZING_ENGINE= -- corpora

# Engines are C++: $CXX links the programs that contain them.
build targets -D COMHEAP_FUZZING_ENGINE="${LIB_FUZZING_ENGINE// /;}" \
    -D CMAKE_C_LINK_EXECUTABLE="$CXX $CXXFLAGS <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>" \
    -- fuzzers

while read -r target corpus; do
    cp "$work/targets/fuzz/$target" "$out/"
    (
        cd "$work/host/fuzz/corpus-$corpus"
        cmake -E tar cf "$out/${target}_seed_corpus.zip" --format=zip -- *
    )
    printf '[libfuzzer]\nmax_len = 4096\nentropic_scale_per_exec_time = 1\n' >"$out/$target.options"
done <"$work/targets/fuzz/fuzzers.txt"
