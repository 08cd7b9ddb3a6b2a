// A finding on its way out. A broken law fills the record and calls the hook. Then the process ends
// the way that its owner chose. Knows neither programs nor how a finding is printed.
#ifndef LAWS_FINDING_H
#define LAWS_FINDING_H

#include <stdarg.h>
#include <stdbool.h>

#define FINDING_SEEN_BYTES 1024U

struct finding {
    unsigned number;               ///< The law's number: LAW_<id>.
    const char *law, *sentence;    ///< Its name, and its sentence.
    char seen[FINDING_SEEN_BYTES]; ///< A sentence of the values seen and expected.
};

/// Prints a finding for people; prints the current program and its place, after other output.
struct finding_hooks {
    void (*law_broken)(const struct finding *finding);
    void (*program)(void);
};

/// Sets the hooks of this process. Without hooks a broken law prints one line, and a stop prints
/// nothing.
void finding_call(const struct finding_hooks *hooks);

/// Chooses how the process ends after a finding. ABORTS: by a signal, which a fuzzing engine takes
/// for a crash, so that it saves the input. EXITS: by status 1. EXITS_BY_LAW: by a status of each
/// law's own, for callers that compare findings.
enum finding_end { FINDING_ABORTS, FINDING_EXITS, FINDING_EXITS_BY_LAW };
void finding_ends(enum finding_end end);

/// Sets a function to call before the process ends by a status; NULL: none.
void finding_before_end(void (*act)(void));

/// Sets a place that notes the harness's own exit statuses. A subject may end the process by any
/// status. NULL: none.
void finding_note_in(int *place);

/// Notes an exit status of the harness's own, by which the process is about to end.
void finding_note(int status);

/// The exit status of the first law. Lower ones belong to sanitizers (runner/stop.h) and to
/// commands.
#define FINDING_FIRST_STATUS 100

/// Reports a broken law to the hook, then ends the process or returns as finding_end does.
void finding_report(unsigned number, const char *law, const char *sentence, const char *format,
                    va_list arguments);

/// Prints the current program by the hook.
void finding_print_program(void);

/// Ends the process by the status of the law with that number. Returns iff finding_ends chose
/// FINDING_ABORTS. Then the law's own function has to end in FINDING_TRAP.
void finding_end(unsigned number);

/// Ends the process by a status: `own_status` for FINDING_EXITS_BY_LAW. Returns as finding_end
/// does.
void finding_stop(int own_status);

/// Silences reports of stops from now on; return whether they are silent.
void finding_silence(void);
bool finding_is_silent(void);

/// Traps in the function that contains it. So the signal comes from the law's own function, whose
/// frame is first in the stack that an engine prints and compares. abort would add two or three
/// frames. Outside x86, __builtin_trap can be a breakpoint, whose signal engines do not handle.
#if defined(__aarch64__) || defined(__arm__)
#define FINDING_TRAP()                                                                             \
    do {                                                                                           \
        __asm__ volatile("udf #0");                                                                \
        __builtin_unreachable();                                                                   \
    } while (0)
#elif defined(__riscv)
#define FINDING_TRAP()                                                                             \
    do {                                                                                           \
        __asm__ volatile("unimp");                                                                 \
        __builtin_unreachable();                                                                   \
    } while (0)
#else
#define FINDING_TRAP() __builtin_trap()
#endif

#endif
