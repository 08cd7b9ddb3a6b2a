// Target text in heapfuzz: holds files against the laws of the op language. Cuts a text that broke
// one down to a part that still does, and keeps it.

#include "cli/text_target.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/progress.h"
#include "laws/language.h"
#include "runner/trial.h"
#include "world/clock.h"

#define TRIALS 4096U
#define SECONDS 60

void text_target_replay(int argc, char **argv, int first_file)
{
    for (int at = first_file; at < argc; at++) {
        size_t size_bytes;
        uint8_t *bytes = load_bytes(argv[at], &size_bytes);
        printf("%s: ", argv[at]);
        fflush(stdout); // A finding ends the process; the reader must see in which file.
        language_tell(bytes, size_bytes);
        free(bytes);
    }
}

struct text {
    uint8_t bytes[TARGET_MOST_BYTES];
    size_t size_bytes;
};

static void hold(const void *context)
{
    const struct text *text = context;
    language_hold(text->bytes, text->size_bytes);
}

// Removes one part after the other, ever smaller ones, as long as the rest fails the same way.
// Returns false iff the text does not fail.
static bool shrink(struct text *text)
{
    struct text guess;
    size_t trials = 0;
    double ends = clock_seconds() + SECONDS;
    trial_verdict verdict = trial_call(hold, text, false);
    for (size_t part = (text->size_bytes + 1) / 2; part > 0; part /= 2) {
        for (size_t at = 0; at < text->size_bytes && trials < TRIALS && clock_seconds() < ends;
             trials++) {
            size_t end = part < text->size_bytes - at ? at + part : text->size_bytes;
            memcpy(guess.bytes, text->bytes, at);
            memcpy(guess.bytes + at, text->bytes + end, text->size_bytes - end);
            guess.size_bytes = text->size_bytes - (end - at);
            if (verdict != TRIAL_CLEAN && trial_call(hold, &guess, false) == verdict) {
                *text = guess;
            } else {
                at = end;
            }
        }
    }
    return verdict != TRIAL_CLEAN;
}

static bool keep(const struct text *text, const char *fault, char name[FINDING_NAME_BYTES])
{
    struct output output;
    if (!finding_open(&output, fault, "txt")) {
        return false;
    }
    (void)fwrite(text->bytes, 1, text->size_bytes, output.file);
    return finding_close(&output, fault, "txt", name);
}

bool text_target_tell_finding(const struct fuzzer_output *fuzzer, const struct choice *choice)
{
    char name[FINDING_NAME_BYTES];
    struct text text;
    if (!finding_read(fuzzer, text.bytes, &text.size_bytes)) {
        return false;
    }
    size_t size_bytes = text.size_bytes;
    if (shrink(&text)) {
        printf("shrunk from %zu bytes to %zu\n", size_bytes, text.size_bytes);
        fflush(stdout);
        (void)trial_call(hold, &text, true);
    } else {
        printf("%sIt did not happen again in a process of its own.\n", fuzzer->report);
    }
    fflush(stdout);
    bool is_kept = keep(&text, fuzzer->fault, name);
    if (is_kept) {
        (void)unlink(fuzzer->artifact);
    }
    print_replay(choice, is_kept ? name : fuzzer->artifact);
    return is_kept;
}
