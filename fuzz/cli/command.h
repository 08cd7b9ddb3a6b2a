// The commands of heapfuzz. Each gets its own arguments, with its name in argv[0]. It returns the
// exit status: 0 for success, 1 for a finding, 2 for arguments or files that it refuses.
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdio.h>

#include "engines/target.h"
#include "language/op.h"
#include "runner/run.h"
#include "runner/trial.h"

int command_fuzz(int argc, char **argv);
int command_random(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_shrink(int argc, char **argv);
int command_compile(int argc, char **argv);
int command_decompile(int argc, char **argv);
int command_import(int argc, char **argv);
int command_record(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_matrix(int argc, char **argv);
int command_attack(int argc, char **argv);
int command_counters(int argc, char **argv);

/// Prints one sentence, with the program's name before it, and ends the process with status 2.
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Reads the file as a program: text if its name ends in .ops, a recorded trace if in .rep,
/// otherwise bytes. Refuses what it can't read.
void load_program(const char *path, struct program *program);

/// Reads a whole file. Refuses what it can't read; the caller frees the bytes.
uint8_t *load_bytes(const char *path, size_t *size_bytes);

/// Reads a recorded trace, or the part of it that trace_read selects. Refuses as load_program does.
void load_trace(const char *path, struct program *program, size_t first, size_t most);

/// Looks at argv[*at]. If it is --NAME, returns the word after it and moves *at there; refuses if
/// there is none. Otherwise returns NULL.
const char *take_option(int argc, char **argv, int *at, const char *name);

/// Look up a subject or a target. Refuse an unknown name, and list the known ones.
const struct subject *choose_subject(const char *name);
const struct target *choose_target(const char *name);

/// The choice of `[--subject S] [--other S] [--target T] FILE...`.
struct choice {
    const struct subject *subject;
    const struct subject *other; ///< The one to compare with; NULL: the target does not compare.
    const struct target *target;
    int first_file; ///< The index of the first FILE in argv.
};
/// Reads such arguments. Refuses other words, and no file.
struct choice choose_run(int argc, char **argv);

/// Takes an option that chooses a subject or a target. Returns false iff argv[*at] is none.
bool take_choice(int argc, char **argv, int *at, struct choice *choice);

/// Prints, for subjects that were probed, the answers that became policies and those that may be
/// bugs.
void tell_probed(const struct choice *choice);

/// Completes a choice, and probes subjects whose ports leave policies unstated. A target that
/// compares needs two subjects, one that reads texts takes none, and any other takes one.
void settle_choice(const char *command, struct choice *choice);

/// Refuses a target that runs no program.
void refuse_to_run(const char *command, const struct choice *choice);

/// Prints the command that replays a program with the same choice.
void print_replay(const struct choice *choice, const char *path);

/// Writes a choice as words for people.
#define CHOICE_BYTES 160U
void print_subjects(const struct choice *choice, char text[CHOICE_BYTES]);

/// Returns the one FILE of a choice; refuses more.
const char *choose_one_file(int argc, char **argv, const struct choice *choice);

/// Returns the plan of a choice. It walks the invariants after every op, unless the program is
/// long.
struct plan choice_plan(const struct choice *choice, const struct program *program);

/// Makes a failing program as simple as it can, as long as it fails the same way. Returns how it
/// fails; TRIAL_CLEAN: it does not fail each time. Trials of a program that hangs are short from
/// now on.
trial_verdict shrink_program(const struct choice *choice, const struct plan *plan,
                             struct program *program);

/// Reads a whole number from least to most. Refuses another word, and names the option.
size_t choose_number(const char *option, const char *text, size_t least, size_t most);

#endif
