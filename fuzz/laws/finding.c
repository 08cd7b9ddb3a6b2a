// The record of a finding, its hook, and the end of the process.

#include "laws/finding.h"

#include <stdio.h>
#include <stdlib.h> // For _Exit.

static struct finding_hooks hooks;
static enum finding_end ending = FINDING_ABORTS;
static void (*act_before_end)(void);
static bool is_silent;
static int *noted;

void finding_call(const struct finding_hooks *wanted)
{
    hooks = *wanted;
}

void finding_ends(enum finding_end end)
{
    ending = end;
}

void finding_before_end(void (*act)(void))
{
    act_before_end = act;
}

void finding_note_in(int *place)
{
    noted = place;
}

void finding_note(int status)
{
    if (noted != NULL) {
        *noted = status;
    }
}

void finding_report(unsigned number, const char *law, const char *sentence, const char *format,
                    va_list arguments)
{
    static struct finding finding;
    finding.number = number;
    finding.law = law;
    finding.sentence = sentence;
    (void)vsnprintf(finding.seen, sizeof finding.seen, format, arguments);
    fflush(stdout);
    if (hooks.law_broken != NULL) {
        hooks.law_broken(&finding);
    } else {
        fprintf(stderr, "law %s broken: %s\n", law, finding.seen);
    }
    finding_end(number);
}

void finding_print_program(void)
{
    if (hooks.program != NULL) {
        hooks.program();
    }
}

void finding_stop(int own_status)
{
    if (ending != FINDING_ABORTS) {
        finding_note(own_status);
        void (*act)(void) = act_before_end;
        act_before_end = NULL; // Reports no stop inside of it.
        if (act != NULL) {
            act();
        }
        fflush(NULL);
        _Exit(ending == FINDING_EXITS ? 1 : own_status);
    }
}

void finding_end(unsigned number)
{
    finding_stop(FINDING_FIRST_STATUS + (int)number);
    finding_silence(); // The report is complete; the trap is no second finding.
}

void finding_silence(void)
{
    is_silent = true;
}

bool finding_is_silent(void)
{
    return is_silent;
}
