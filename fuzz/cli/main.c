// heapfuzz: the one program that people type.

#include "cli/command.h"

#include <errno.h>
#include <string.h>

#include "cli/port.h"
#include "findings/report.h"
#include "subjects/subjects.h"
#include "world/os.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *words;
    const char *sentence;
    bool takes_port; ///< It runs programs on subjects.
} commands[] = {
    {"fuzz", command_fuzz,
     "[--target T] [--subject S] [--other S] [--time SECONDS] [--seed N] "
     "[--corpus DIR]",
     "fuzz, show progress, and end with tables or a finding", true},
    {"random", command_random,
     "--count N [--seed S] [--threads N [--round N]] [--target T] [--subject S] [--other S] "
     "[FILE...]",
     "make and run N programs, without an engine; from the same seed and files the same ones; "
     "with --threads in rounds, all threads at once",
     true},
    {"replay", command_replay, "[--target T] [--subject S] [--other S] FILE...",
     "run programs and hold them against the laws", true},
    {"explain", command_explain, "[--as-c] [--target T] [--subject S] [--other S] FILE",
     "run a program and print what each op answered, or the program as C", true},
    {"shrink", command_shrink, "[--target T] [--subject S] [--other S] FILE",
     "print the simplest program that fails as this one does", true},
    {"probe", command_probe, "[--subject S]",
     "try every edge of a port and print its policies, as text to paste", true},
    {"matrix", command_matrix, "[--html FILE] ALLOCATOR... [FILE.ops...]",
     "print what allocators do in edge cases: subjects, libraries, or quoted words of ports",
     false},
    {"attack", command_attack, "[--subject S] [--show VARIANT]",
     "misuse an allocator in every way, and print which misuse has which effect", true},
    {"compile", command_compile, "[--to DIR] FILE...", "programs to the bytes that engines mutate",
     false},
    {"decompile", command_decompile, "[--to DIR] FILE...", "and back to text", false},
    {"record", command_record, "[--to FILE.ops] [--] COMMAND...",
     "run a command, and keep its allocation calls as a program", false},
    {"import", command_import, "[--from OP] [--ops N | --windows N --to DIR] TRACE",
     "a recorded trace as a program, whole or in windows: the malloc lab's form, Android's, "
     "glibc's mtrace or ltrace",
     false},
    {"counters", command_counters, "FILE",
     "print what a target did that kept its counters in a file: HEAPFUZZ_COUNTERS=FILE", false},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_help(void)
{
    printf("heapfuzz drives an allocator and holds every answer against the laws of a heap.\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        printf("  heapfuzz %s %s\n      %s\n", commands[i].name, commands[i].words,
               commands[i].sentence);
    }
    printf("\nA FILE is text if its name ends in .ops, a recorded trace if in .rep, else bytes.\n"
           "\nsubjects\n");
    const struct subject *subject;
    for (size_t i = 0; (subject = subject_at(i)) != NULL; i++) {
        printf("  %-10s %s\n", subject->name, subject->sentence);
    }
    port_help();
    printf("\ntargets\n");
    for (const struct target *target = targets; target->name != NULL; target++) {
        printf("  %-10s %s\n", target->name, target->sentence);
    }
    printf("\nverbs of a program (s a slot b0 to b65535, z a size, n a number)\n");
    for (unsigned verb = 0; verb < VERBS; verb++) {
        printf("  %-19s %-3s %s\n", verb_name((enum verb)verb), verb_operands((enum verb)verb),
               verb_sentence((enum verb)verb));
    }
    printf("\nexit status: 0 done, 1 a finding, 2 words or files that can't be followed\n");
}

// Fails unless everything was printed: a full disk is no success, and no report of a finding.
static int done(int status)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        if (errno == 0) { // It failed before. The reason is lost, but may still be the same.
            (void)putchar('\n');
            (void)fflush(stdout);
        }
        refuse("can't write to standard output: %s",
               errno != 0 ? strerror(errno) : "a write failed before");
    }
    return status;
}

int main(int argc, char **argv)
{
    report_findings(FINDING_ABORTS); // A child that a command forks reports as this process does.
    os_fail_writes();
    os_print_bytes();
    if (argc < 2) {
        refuse("which command? 'heapfuzz help' lists them");
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        print_help();
        return done(0);
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            if (commands[i].takes_port) {
                port_run(argc - 1, argv + 1);
            }
            return done(commands[i].run(argc - 1, argv + 1));
        }
    }
    refuse("there is no command '%s'; 'heapfuzz help' lists them", argv[1]);
}
