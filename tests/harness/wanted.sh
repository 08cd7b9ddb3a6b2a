# For the scripts of this folder, which source it and end with $status.

status=0

# wanted STATUS TEXT COMMAND...: runs a command that has to end with the status and print the text.
wanted() {
    local said ended
    said=$("${@:3}" 2>&1)
    ended=$?
    if [ $ended != "$1" ] || ! grep -qF -- "$2" <<<"$said"; then
        printf '%s\n  ended with %d, not %d, or did not say "%s":\n%s\n' \
            "${*:3}" $ended "$1" "$2" "$said"
        status=1
    fi
}

# breaks LAW: notes in a target's counters that the law is broken. For the scripts that play runs.
breaks() {
    local number
    number=$(cat "$laws"/{laws,language_laws}.def | grep ^LAW_DEF | grep -n "\"$1\"")
    printf "\\x$(printf %x "${number%%:*}")" | dd of="$HEAPFUZZ_COUNTERS" conv=notrunc status=none
}
laws=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../fuzz/laws")
export laws
export -f breaks

# play [TARGET]: makes standard input the script that is run as the target, heap without one.
play() {
    (
        echo '#!/usr/bin/env bash'
        echo 'for word; do [[ $word = -artifact_prefix=* ]] && artifacts=${word#*=}; done'
        echo 'echo "INFO: Seed: 1"'
        cat
    ) >"${1-heap}_fuzzer"
    chmod +x "${1-heap}_fuzzer"
}
