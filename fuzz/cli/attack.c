// heapfuzz attack: misuses an allocator in every way, each in a process of its own, and prints a
// grid of which misuse has which effect. Shows one variant with its report.

#include "runner/attack.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

static const struct {
    const char *name, *sentence;
} effects[ATTACK_EFFECTS] = {
    [ATTACK_CAUGHT] =
        {"caught", "the heap raises a fault, or ends the process by abort or exit, if only later"},
    [ATTACK_IGNORED] = {"ignored", "every law holds afterwards"},
    [ATTACK_OVERLAP] = {"overlap", "a block is granted that overlaps another one"},
    [ATTACK_OUTSIDE] = {"outside", "a block is granted outside of the heap"},
    [ATTACK_LAW] = {"law", "another law is broken"},
    [ATTACK_CRASH] = {"crash", "a signal or a sanitizer ends the process"},
    [ATTACK_HANG] = {"hang", "the process does not end"},
};

// The worst first.
static const enum attack_effect worst_first[] = {ATTACK_OUTSIDE, ATTACK_OVERLAP, ATTACK_LAW,
                                                 ATTACK_CRASH,   ATTACK_HANG,    ATTACK_IGNORED,
                                                 ATTACK_CAUGHT};

// The variants of a misuse by effect: how many have it, and which is the first.
struct row {
    unsigned made;
    struct {
        unsigned count, first;
        enum law law;
    } by[ATTACK_EFFECTS];
    unsigned unkept, first_unkept;
    enum heapfuzz_effect promised;
};

static void print_progress(const char *sentence)
{
    if (isatty(STDERR_FILENO) == 1) {
        fprintf(stderr, "\r%-40s\r%s", "", sentence);
    }
}

static struct row make_row(const struct subject *subject, unsigned misuse)
{
    struct row row = {0};
    for (unsigned i = 0; i < attack_variants(misuse); i++) {
        struct attack_result result = attack_make(subject, misuse, i, false);
        if (result.effect == ATTACK_IMPOSSIBLE) {
            continue;
        }
        row.made++;
        if (row.by[result.effect].count++ == 0) {
            row.by[result.effect].first = i;
            row.by[result.effect].law = result.law;
        }
        if (!result.is_kept && row.unkept++ == 0) {
            row.first_unkept = i;
            row.promised = result.promised;
        }
    }
    return row;
}

static void print_row(unsigned misuse, const struct row *row)
{
    printf("%-30s", attack_sentence(misuse));
    for (unsigned effect = 0; effect < ATTACK_EFFECTS; effect++) {
        char cell[32] = ".";
        if (row->by[effect].count > 0) {
            (void)snprintf(cell, sizeof cell, "%u/%u", row->by[effect].count, row->made);
        }
        printf(" %8s", cell);
    }
    printf("\n");
}

static enum attack_effect worst_of(const struct row *row)
{
    size_t at = 0;
    while (row->by[worst_first[at]].count == 0 && worst_first[at] != ATTACK_CAUGHT) {
        at++;
    }
    return worst_first[at];
}

// Names a variant with the worst effect of each misuse, unless all of its effects are harmless.
static void print_worst(const struct row rows[ATTACK_MISUSES])
{
    char text[ATTACK_NAME_BYTES];
    const char *heading = "\nthe worst of each row; `--show VARIANT` makes one, and reports it\n";
    for (unsigned misuse = 0; misuse < ATTACK_MISUSES; misuse++) {
        enum attack_effect effect = worst_of(&rows[misuse]);
        if (effect == ATTACK_IGNORED || effect == ATTACK_CAUGHT) {
            continue;
        }
        printf("%s  %-8s %s", heading, effects[effect].name,
               attack_name(misuse, rows[misuse].by[effect].first, text));
        heading = "";
        if (effect == ATTACK_LAW) {
            printf(", law %s", law_name(rows[misuse].by[effect].law));
        }
        printf("\n");
    }
}

// Names variants that break promises. Returns whether there are any.
static bool print_unkept(const struct row rows[ATTACK_MISUSES])
{
    char text[ATTACK_NAME_BYTES];
    const char *heading = "\npromises of the port that are not kept\n";
    for (unsigned misuse = 0; misuse < ATTACK_MISUSES; misuse++) {
        const struct row *row = &rows[misuse];
        if (row->unkept > 0) {
            printf("%s  %s: %u of %u are not %s, the first is %s\n", heading,
                   attack_sentence(misuse), row->unkept, row->made,
                   row->promised == HEAPFUZZ_CAUGHT ? "caught" : "ignored",
                   attack_name(misuse, row->first_unkept, text));
            heading = "";
        }
    }
    return heading[0] == '\0';
}

static int print_grid(const struct subject *subject)
{
    struct row rows[ATTACK_MISUSES];
    printf("%-30s", subject->name);
    for (unsigned effect = 0; effect < ATTACK_EFFECTS; effect++) {
        printf(" %8s", effects[effect].name);
    }
    printf("\n");
    for (unsigned misuse = 0; misuse < ATTACK_MISUSES; misuse++) {
        print_progress(attack_sentence(misuse));
        rows[misuse] = make_row(subject, misuse);
        print_progress("");
        print_row(misuse, &rows[misuse]);
    }
    printf("\n");
    for (unsigned effect = 0; effect < ATTACK_EFFECTS; effect++) {
        printf("%-8s %s\n", effects[effect].name, effects[effect].sentence);
    }
    print_worst(rows);
    return print_unkept(rows) ? 1 : 0;
}

static void print_effect(const struct attack_result *result)
{
    if (result->effect == ATTACK_IMPOSSIBLE) {
        printf("impossible: this heap has no such place, or another block is there\n");
    } else if (result->effect == ATTACK_LAW) {
        printf("law %s: %s\n", law_name(result->law), law_sentence(result->law));
    } else {
        printf("%s: %s\n", effects[result->effect].name, effects[result->effect].sentence);
    }
}

// Makes the variant of a name, and prints its report and its effect.
static int show(const struct subject *subject, const char *name)
{
    char text[ATTACK_NAME_BYTES];
    for (unsigned misuse = 0; misuse < ATTACK_MISUSES; misuse++) {
        for (unsigned i = 0; i < attack_variants(misuse); i++) {
            if (strcmp(attack_name(misuse, i, text), name) == 0) {
                struct attack_result result = attack_make(subject, misuse, i, true);
                print_effect(&result);
                return result.is_kept ? 0 : 1;
            }
        }
    }
    refuse("attack: --show: there is no variant '%s'; it has the form of %s", name,
           attack_name(0, 0, text));
}

int command_attack(int argc, char **argv)
{
    struct choice choice = {.target = &targets[0]};
    const char *shown = NULL;
    for (int at = 1; at < argc; at++) {
        const char *value = take_option(argc, argv, &at, "--show");
        if (value != NULL) {
            shown = value;
        } else if (!take_choice(argc, argv, &at, &choice)) {
            refuse("attack: unexpected word '%s'", argv[at]);
        }
    }
    settle_choice(argv[0], &choice);
    if (choice.target != &targets[0]) {
        refuse("attack: --target: it makes programs of its own, for no target");
    }
    tell_probed(&choice);
    trial_verdict verdict = attack_without(choice.subject);
    if (verdict != TRIAL_CLEAN) {
        refuse("attack: %s fails without any misuse, so it has no effect to show; 'heapfuzz fuzz' "
               "shows why",
               choice.subject->name);
    }
    return shown != NULL ? show(choice.subject, shown) : print_grid(choice.subject);
}
