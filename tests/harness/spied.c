// A spy that was written as for Windows is registered while programs run, and no law breaks. With
// the target pair, task memory with the spy gives the same answers as without it.
//
//     spied TARGET SECONDS SEED FILE...
//
// Runs the files below each spy, and then programs made from them by edits, for some seconds.
//
// The subject is comheap with less to promise. The spy's bytes count as live, a block's end is
// followed by the spy's guard, and a block has less room to be resized in place. Nothing is
// misused: the heap's fault would be about the real block.

#define COBJMACROS
#include "../spies/spies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "com/com_calls.h"
#include "engines/target.h"
#include "findings/report.h"
#include "language/mix.h"
#include "language/mutate.h"
#include "language/text.h"
#include "laws/counters.h"
#include "runner/sweep.h"
#include "subjects/subjects.h"
#include "world/clock.h"

#define SPY_BYTES 64U // More than a spy adds to a block.
#define OPS_MOST 256U
#define POOL 512U

struct spy {
    const char *name;
    HRESULT(STDAPICALLTYPE *create)(LPMALLOCSPY *spy);
    HRESULT(STDAPICALLTYPE *get_stats)(SPYSTATS *stats);
};

static const struct spy spies[] = {
    {"table", CreateTableSpy, GetTableSpyStats},
    {"map", CreateMapSpy, GetMapSpyStats},
};

static const struct spy *spy; // The one below the heap.
static const struct subject *plain;
static struct program pool[POOL];
static size_t pooled;

static void must(bool holds, const char *claim)
{
    if (!holds) {
        printf("not so, of the %s spy: %s\n", spy->name, claim);
        exit(1);
    }
}

static SPYSTATS stats_of_spy(void)
{
    SPYSTATS stats;
    must(spy->get_stats(&stats) == S_OK, "it has stats");
    must(stats.pszError == NULL, stats.pszError);
    return stats;
}

static bool open_pages(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    LPMALLOCSPY object;
    if (!plain->port.open_pages(pages, arena_bytes)) {
        return false;
    }
    must(spy->create(&object) == S_OK, "it is made");
    must(CoRegisterMallocSpy(object) == S_OK, "it can be registered");
    (void)IMallocSpy_Release(object);
    return true;
}

static void close_heap(void)
{
    must(CoRevokeMallocSpy() == S_OK, "it can be revoked when every block is freed");
    SPYSTATS stats = stats_of_spy();
    must(stats.cObjects == 0 && stats.cLive == 0, "it is released without blocks");
    plain->port.close();
}

static void count(struct heapfuzz_counts *counts)
{
    plain->port.count(counts);
    counts->live_bytes = SIZE_MAX; // Not kept.
}

static size_t largest(size_t arena_bytes)
{
    size_t largest_bytes = plain->promises.largest(arena_bytes);
    return largest_bytes > SPY_BYTES ? largest_bytes - SPY_BYTES : 0;
}

static struct subject make_spied(void)
{
    static struct com_calls com;
    struct subject spied = *plain;
    com = *plain->parts.com;
    com.register_spy = NULL; // There is one already.
    spied.name = "spied";
    spied.parts = (struct subject_parts){.com = &com};
    spied.port.open_pages = open_pages;
    spied.port.close = close_heap;
    spied.port.count = count;
    spied.promises.must_resize = NULL;
    spied.promises.largest = largest;
    spied.promises.hides_slack = false;
    return spied;
}

static void read_programs(char **files, size_t files_count)
{
    must(files_count <= POOL, "there is room for the programs");
    for (; pooled < files_count; pooled++) {
        struct text_error error;
        FILE *file = fopen(files[pooled], "rb");
        must(file != NULL && text_read(file, &pool[pooled], &error), files[pooled]);
        (void)fclose(file);
    }
}

// A pair runs in both orders.
static void run(const struct target *target, const struct subject *spied,
                const struct program *program)
{
    struct plan plan = target->plan;
    plan.subject = spied;
    plan.misuses = false;
    if (target->compares) {
        plan.other = plain;
        sweep_run(&plan, program);
        plan.subject = plain;
        plan.other = spied;
    }
    sweep_run(&plan, program);
    (void)stats_of_spy();
}

static size_t run_edits(const struct target *target, const struct subject *spied, double seconds,
                        uint64_t *random)
{
    static struct program program;
    struct scope scope = target_scope_of(target, spied);
    double end = clock_seconds() + seconds;
    size_t made = 0;
    for (; clock_seconds() < end; made++) {
        program_clear(&program);
        if (made % 4 != 0) {
            program_copy(&program, &pool[draw(random, (uint32_t)pooled)]);
        }
        uint64_t seed = draw(random, UINT32_MAX);
        mutate_program(&program, &scope, OPS_MOST, seed << 32 | draw(random, UINT32_MAX));
        run(target, spied, &program);
    }
    return made;
}

int main(int argc, char **argv)
{
    const struct target *target = argc > 4 ? target_find(argv[1]) : NULL;
    if (target == NULL || target->reads_texts) {
        fprintf(stderr, "spied: takes TARGET SECONDS SEED FILE...\n");
        return 2;
    }
    spy = &spies[0];
    plain = subject_find("comheap");
    struct subject spied = make_spied();
    uint64_t random = strtoull(argv[3], NULL, 10) + 1;
    report_findings(FINDING_EXITS);
    read_programs(argv + 4, (size_t)argc - 4);
    for (size_t i = 0; i < sizeof spies / sizeof spies[0]; i++) {
        spy = &spies[i];
        for (size_t at = 0; at < pooled; at++) {
            run(target, &spied, &pool[at]);
        }
        size_t made = run_edits(target, &spied, strtod(argv[2], NULL) / 2, &random);
        SPYSTATS stats = stats_of_spy();
        must(stats.cCalls > pooled, "it hears calls");
        printf("%s, %s spy: %zu programs, %u calls that it heard\n", target->name, spy->name,
               pooled + made, (unsigned)stats.cCalls);
    }
    return 0;
}
