// What a fuzz target says while libFuzzer runs it: how far it is, and how it ended.
#ifndef CLI_FUZZER_OUTPUT_H
#define CLI_FUZZER_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/// Room for two paths, which the line that names what was saved has.
#define FUZZER_LINE_BYTES (3U * PATH_MAX)
#define FUZZER_REPORT_BYTES 16384U

/// What has been heard so far. Begins as zeros.
struct fuzzer_output {
    bool has_engine; ///< libFuzzer introduced itself.
    unsigned long coverage;
    unsigned long corpus_programs;
    unsigned long memory_mb;

    const char *fault;                 ///< The law's name or what else ended it; NULL: nothing yet.
    const char *fault_sentence;        ///< Of the law, or what else it was.
    bool is_law;                       ///< A law was broken.
    char report[FUZZER_REPORT_BYTES];  ///< The part that tells people what happened, terminated.
    char artifact[PATH_MAX];           ///< Where the program was saved; "": it was not.
    char refusal[FUZZER_LINE_BYTES];   ///< The target's own sentence on why it can't go on; or "".
    char last_line[FUZZER_LINE_BYTES]; ///< That says anything.
    bool has_exited;                   ///< The target called exit while libFuzzer ran it.

    char line[FUZZER_LINE_BYTES]; ///< What of the current line has come; a long one is cut.
    size_t line_bytes;
    size_t report_bytes;
    unsigned frames;                                   ///< How many stack frames the report has.
    enum { PART_NONE, PART_PROGRAM, PART_ERROR } part; ///< Of the report, that lines now belong to.
};

/// Takes in what a target wrote next.
void fuzzer_output_read(struct fuzzer_output *fuzzer, const char *bytes, size_t size_bytes);

#endif
