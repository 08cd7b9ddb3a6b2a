// The program that a target ran when it ended without a word: by _exit, by a signal that can't be
// handled, by a hang in its handlers. libFuzzer does not save it. The counters' file still has it.

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/fuzzing.h"
#include "cli/sha1.h"
#include "laws/counters.h"

// Returns whether the target ended in the middle of a program, and neither by its own choice nor by
// the command's.
static bool is_lost(const struct fuzzing *fuzzing)
{
    int status = fuzzing->child.status;
    bool was_stopped = fuzzing->stop_signal != 0 || fuzzing->unwritten.path != NULL;
    bool has_refused =
        fuzzing->fuzzer.refusal[0] != '\0' && WIFEXITED(status) && WEXITSTATUS(status) == 2;
    return counters->input.is_running && counters->input.size_bytes <= INPUT_KEPT_BYTES &&
           fuzzing->fuzzer.artifact[0] == '\0' && !has_refused && !was_stopped;
}

static void name_end(struct fuzzing *fuzzing)
{
    struct fuzzer_output *fuzzer = &fuzzing->fuzzer;
    if (fuzzer->fault != NULL && (fuzzer->is_law || fuzzer->is_stop)) {
        return; // It said so itself.
    }
    if (fuzzing->is_hung) {
        fuzzer->fault = "timeout";
        fuzzer->fault_sentence = "it hung, and had to be killed";
    } else {
        fuzzer->fault = "crash";
        fuzzer->fault_sentence = WIFEXITED(fuzzing->child.status)
                                     ? "the subject ended the process, past its exit handlers"
                                     : "a signal that can't be handled ended it";
    }
}

void fuzzing_save_last(struct fuzzing *fuzzing)
{
    char digits[SHA1_DIGITS + 1];
    char path[PATH_MAX];
    if (!is_lost(fuzzing)) {
        return;
    }
    sha1_print(counters->input.bytes, counters->input.size_bytes, digits);
    int length = snprintf(path, sizeof path, "%scrash-%s", fuzzing->files.artifacts, digits);
    FILE *file = length < PATH_MAX ? fopen(path, "wb") : NULL;
    if (file == NULL) {
        return; // The end is reported as one without a program.
    }
    size_t done = fwrite(counters->input.bytes, 1, counters->input.size_bytes, file);
    if (fclose(file) != 0 || done < counters->input.size_bytes) {
        (void)unlink(path);
        return;
    }
    memcpy(fuzzing->fuzzer.artifact, path, strlen(path) + 1);
    name_end(fuzzing);
}
