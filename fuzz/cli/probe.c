// heapfuzz probe: prints the policies of a port as text to paste into it, the answers that may be
// bugs, and the policies that no try could tell.

#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "engines/probed.h"
#include "laws/place.h"

static const char *const answers[] = {"HEAPFUZZ_UNSTATED", "HEAPFUZZ_YES", "HEAPFUZZ_NO"};
static const char *const zeros[] = {"HEAPFUZZ_ZERO_UNSTATED", "HEAPFUZZ_ZERO_IS_NULL",
                                    "HEAPFUZZ_ZERO_IS_BLOCK", "HEAPFUZZ_ZERO_IS_EITHER"};
static const char *const to_zeros[] = {"HEAPFUZZ_TO_ZERO_UNSTATED", "HEAPFUZZ_TO_ZERO_FREES",
                                       "HEAPFUZZ_TO_ZERO_SHRINKS", "HEAPFUZZ_TO_ZERO_IS_EITHER"};
static const char *const sizes[] = {"HEAPFUZZ_SIZE_UNSTATED", "HEAPFUZZ_SIZE_IS_EXACT",
                                    "HEAPFUZZ_SIZE_IS_AT_LEAST", "HEAPFUZZ_SIZE_IS_AT_MOST",
                                    "HEAPFUZZ_SIZE_IS_NONE"};

static void print_size(const char *member, size_t size_bytes)
{
    if (size_bytes == SIZE_MAX || size_bytes == (size_t)PTRDIFF_MAX) {
        printf("        .%s = %s,\n", member, size_bytes == SIZE_MAX ? "SIZE_MAX" : "PTRDIFF_MAX");
    } else if (size_bytes != 0) {
        printf("        .%s = %zu,\n", member, size_bytes);
    }
}

static void print_policy(const char *member, const char *const *names, unsigned number)
{
    if (number != 0) {
        printf("        .%s = %s,\n", member, names[number]);
    }
}

static void print_policies(const struct heapfuzz_policies *policies)
{
    printf("    .policies = {\n");
    print_size("alignment_bytes", policies->alignment_bytes);
    print_size("limit_bytes", policies->limit_bytes);
    print_policy("zero", zeros, policies->zero);
    print_policy("reallocate_to_zero", to_zeros, policies->reallocate_to_zero);
    print_policy("size", sizes, policies->size);
    print_size("zero_size_bytes", policies->zero_size_bytes);
    print_policy("free_takes_null", answers, policies->free_takes_null);
    print_policy("reallocate_takes_null", answers, policies->reallocate_takes_null);
    print_policy("size_takes_null", answers, policies->size_takes_null);
    print_size("null_size_bytes", policies->null_size_bytes);
    print_policy("stays_in_place", answers, policies->stays_in_place);
    print_policy("capacity_returns", answers, policies->capacity_returns);
    print_policy("addresses_repeat", answers, policies->addresses_repeat);
    if (policies->needs_process) {
        printf("        .needs_process = true,\n");
    }
    if (policies->is_threadsafe) {
        printf("        .is_threadsafe = true,\n");
    }
    printf("    },\n");
}

static void print_notes(FILE *file, const struct probed *probed, const char *before)
{
    for (size_t i = 0; i < probed->notes; i++) {
        fprintf(file, "%s%s\n", before, probed->note[i]);
    }
}

// Prints the policies that are unstated still, where the port has the call that decides them.
static void print_unknown(const struct subject *subject, const struct heapfuzz_policies *policies)
{
    const struct {
        const char *name;
        bool is_unknown;
    } all[] = {
        {"alignment_bytes", policies->alignment_bytes == 0},
        {"zero", policies->zero == 0},
        {"reallocate_to_zero",
         subject->port.reallocate != NULL && policies->reallocate_to_zero == 0},
        {"size", subject->port.size != NULL && policies->size == 0},
        {"stays_in_place", subject->port.reallocate != NULL && policies->stays_in_place == 0},
        {"capacity_returns", subject_takes_range(subject) && policies->capacity_returns == 0},
        {"addresses_repeat", policies->addresses_repeat == 0},
    };
    const char *before = "no try could tell: ";
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].is_unknown) {
            printf("%s%s", before, all[i].name);
            before = ", ";
        }
    }
    if (before[0] == ',') {
        printf("\n");
    }
}

static void print_subject(const struct subject *subject)
{
    const struct probed *probed = subject_probe(subject);
    if (probed == NULL) {
        printf("%s states its policies; there is nothing to probe\n", subject->name);
        return;
    }
    printf("%s: these are the answers of %s, to paste into its port\n\n", subject->name,
           subject_takes_range(subject) ? "a heap in a fresh range" : "the heap");
    print_policies(&probed->policies);
    if (probed->notes > 0) {
        printf("\nthese answers may be bugs, and are no policies:\n");
        print_notes(stdout, probed, "  ");
    }
    printf("\n");
    print_unknown(subject, &probed->policies);
}

static void print_in_words(const struct heapfuzz_policies *policies)
{
    static const char *const zero_words[] = {"unknown", "NULL", "a block", "a block or NULL"};
    static const char *const to_zero_words[] = {"unknown", "frees", "shrinks", "frees or shrinks"};
    static const char *const size_words[] = {"unknown", "exact", "at least", "at most", "nothing"};
    if (policies->alignment_bytes == 0) {
        printf("alignment: unknown");
    } else {
        printf("alignment: %zu", policies->alignment_bytes);
    }
    printf("; 0 bytes: %s; reallocate to 0: %s; size: %s%s\n", zero_words[policies->zero],
           to_zero_words[policies->reallocate_to_zero], size_words[policies->size],
           policies->needs_process ? "; a process for each program" : "");
}

void tell_probed(const struct choice *choice)
{
    const struct subject *const both[] = {choice->subject, choice->other};
    for (size_t i = 0; i < 2; i++) {
        const struct probed *probed = both[i] == NULL ? NULL : subject_probe(both[i]);
        if (probed == NULL) {
            continue;
        }
        printf("%s leaves policies open; a probe saw ", both[i]->name);
        print_in_words(&probed->policies);
        print_notes(stdout, probed, "  maybe a bug: ");
    }
}

int command_probe(int argc, char **argv)
{
    struct choice choice = {.target = &targets[0]};
    for (int at = 1; at < argc; at++) {
        if (!take_choice(argc, argv, &at, &choice)) {
            refuse("probe: unexpected word '%s'", argv[at]);
        }
    }
    settle_choice(argv[0], &choice);
    print_subject(choice.subject);
    if (choice.other != NULL) {
        print_subject(choice.other);
    }
    return 0;
}
