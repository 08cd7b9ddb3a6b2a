# Builds of the fuzz preset that differ by a patch. The programs of this folder source this file.
#
# The tree is copied and built once in a scratch folder, which is removed at the end. A variant
# recompiles the files that its patch changes and links again.

# refuse SENTENCE
refuse() {
    echo "bench/$(basename "$0"): $1" >&2
    exit 2
}

# choose_number NAME VALUE MOST: refuses a VALUE that is no whole number from 1 to MOST.
choose_number() {
    [[ $2 =~ ^[1-9][0-9]{0,5}$ ]] && (($2 <= $3)) ||
        refuse "$1 is a whole number from 1 to $3, not '$2'"
}

# variants_open: copies the tree, builds it, and sets $scratch.
variants_open() {
    .ci/setup fuzz >&2 && .ci/setup variants >&2 || exit
    scratch=$(mktemp -d) || exit 2
    trap 'rm -rf "$scratch"' EXIT
    mkdir "$scratch/tree"
    git ls-files -z --cached --others --exclude-standard |
        xargs -0 cp --parents -t "$scratch/tree" || exit 2
    # A bug may leave a variable unused.
    cmake -S "$scratch/tree" --preset fuzz -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF \
        >"$scratch/log" 2>&1 || refuse "$(tail "$scratch/log")"
    variant_build
}

variant_build() {
    cmake --build "$scratch/tree/build/fuzz" --target heapfuzz {heap,com,pair,misuse,lanes}_fuzzer \
        >"$scratch/log" 2>&1 || refuse "$(grep -m 3 'error' "$scratch/log")"
}

# variant PATCH: puts the targets and heapfuzz, built with the patch, into $scratch/bin. Without a
# patch, it puts them there as they are.
variant() {
    rm -rf "$scratch/bin"
    mkdir "$scratch/bin"
    [ $# = 0 ] || git -C "$scratch/tree" apply "$PWD/$1" || refuse "$1 does not apply"
    variant_build
    cp "$scratch"/tree/build/fuzz/fuzz/{heapfuzz,{heap,com,pair,misuse,lanes}_fuzzer} \
        "$scratch/bin"
    [ $# = 0 ] || git -C "$scratch/tree" apply -R "$PWD/$1" || exit 2
}

# limited SECONDS COMMAND...: runs a command for at most this much processor time, so that the
# machine's other work changes nothing. The output goes to $scratch/said.
limited() (
    ulimit -t "$1"
    exec "${@:2}" >"$scratch/said" 2>&1
)

# fuzz TARGET SEED SECONDS: runs a target of the variant from an empty corpus. Prints its processor
# seconds, and leaves its counters as a table in $scratch/counted, and the finding's program, if
# there is one, in $scratch/found.
fuzz() {
    local TIMEFORMAT='%U %S'
    rm -rf "$scratch"/{run,found,counters}
    mkdir "$scratch/run"
    {
        time limited "$3" env HEAPFUZZ_COUNTERS="$scratch/counters" \
            "$scratch/bin/$1_fuzzer" "$scratch/run" -seed="$2" -max_len=4096 -timeout=25 \
            -rss_limit_mb=2048 -exact_artifact_path="$scratch/found"
    } 2>&1 | awk 'NF == 2 { print $1 + $2 }' # Not the message that its time was up.
    "$scratch/bin/heapfuzz" counters "$scratch/counters" >"$scratch/counted"
}

# quartiles VALUE...: prints the three quartiles of numbers and of -, which is larger than any
# number.
quartiles() {
    printf '%s\n' "$@" | sed 's/^-$/1e18/' | sort -g | awk '
        function at(part) { return value[1 + int(part * (NR - 1) + 0.5)] }
        { value[NR] = $1 }
        END { print at(0.25), at(0.5), at(0.75) }' | sed 's/1e18/-/g'
}
