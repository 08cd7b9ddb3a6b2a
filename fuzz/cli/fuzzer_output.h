// The output of a fuzz target under libFuzzer: its progress and its end.
#ifndef CLI_FUZZER_OUTPUT_H
#define CLI_FUZZER_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/// Room for two paths: the line that names a saved program has two.
#define FUZZER_LINE_BYTES (3U * PATH_MAX)
#define FUZZER_REPORT_BYTES 16384U

/// The output so far. Begins as zeros, except the prefix.
struct fuzzer_output {
    const char *artifacts; ///< The prefix of the paths of saved programs.
    bool has_engine;       ///< libFuzzer introduced itself.
    unsigned long coverage;
    unsigned long corpus_programs;
    unsigned long memory_mb;

    const char *fault;                 ///< The law's name, or another end's; NULL: none yet.
    const char *fault_sentence;        ///< Its sentence.
    bool is_law;                       ///< A law was broken.
    bool is_stop;                      ///< The harness reported that the subject stopped.
    bool has_error;                    ///< The report has an error of a sanitizer or of libFuzzer.
    char report[FUZZER_REPORT_BYTES];  ///< The part for people, terminated.
    char artifact[PATH_MAX];           ///< The path of the saved program; "": none.
    char refusal[FUZZER_LINE_BYTES];   ///< The target's own sentence why it refuses; or "".
    char last_line[FUZZER_LINE_BYTES]; ///< That is not empty.
    bool has_exited;                   ///< The target called exit while libFuzzer ran it.

    char line[FUZZER_LINE_BYTES]; ///< The current line so far; a long one is cut.
    size_t line_bytes;
    size_t report_bytes;
    unsigned frames;                                   ///< Stack frames in the report.
    enum { PART_NONE, PART_PROGRAM, PART_ERROR } part; ///< Of the report, where lines go now.
};

/// Reads the next output of a target.
void fuzzer_output_read(struct fuzzer_output *fuzzer, const char *bytes, size_t size_bytes);

#endif
