// Two spies that were written as for Windows, and take no lock, while five threads use task memory.
// Each finds every block as it left it, and none when the threads are done. It is released once,
// also where it is revoked while they work.
//
//     spied [STEPS [ROUNDS [SEED]]]

#define COBJMACROS
#include "../spies/spies.h"
#include "crew.h"

#include <inttypes.h>
#include <stdio.h>

#define THREADS 5U

struct spy {
    const char *name;
    HRESULT(STDAPICALLTYPE *create)(LPMALLOCSPY *spy);
    HRESULT(STDAPICALLTYPE *get_stats)(SPYSTATS *stats);
    DWORD(WINAPI *worker)(LPVOID parameter);
};

static const struct spy spies[] = {
    {"table", CreateTableSpy, GetTableSpyStats, TableSpyWorker},
    {"map", CreateMapSpy, GetMapSpyStats, MapSpyWorker},
};

struct round {
    const struct spy *spy;
    uint32_t seed, steps;
    bool is_revoked_early;
};

static SPYSTATS stats_of(const struct spy *spy)
{
    SPYSTATS stats;
    CLAIM(spy->get_stats(&stats) == S_OK, "the %s spy has no stats", spy->name);
    CLAIM(stats.pszError == NULL, "the %s spy: not so: %s", spy->name, stats.pszError);
    return stats;
}

// One thread revokes the spy amid the work of the others.
static void work(unsigned number, void *argument)
{
    const struct round *round = argument;
    if (number == THREADS) {
        if (round->is_revoked_early) {
            HRESULT result = CoRevokeMallocSpy();
            CLAIM(result == S_OK || result == E_ACCESSDENIED, "revoke: %x", (unsigned)result);
        }
        return;
    }
    WORK part = {round->seed * 31 + number, round->steps};
    DWORD wrong = round->spy->worker(&part);
    CLAIM(wrong == 0, "%u results were wrong beside the %s spy", (unsigned)wrong, round->spy->name);
}

static void run(struct round *round)
{
    LPMALLOCSPY object;
    CLAIM(round->spy->create(&object) == S_OK, "there is no %s spy", round->spy->name);
    CLAIM(CoRegisterMallocSpy(object) == S_OK, "the %s spy is not registered", round->spy->name);
    (void)IMallocSpy_Release(object); // Task memory holds the other reference.
    crew_run(THREADS + 1, work, round);
    if (!round->is_revoked_early) {
        CLAIM(CoRevokeMallocSpy() == S_OK, "the %s spy has blocks", round->spy->name);
    }
    CLAIM(CoRevokeMallocSpy() == CO_E_OBJNOTREG, "the %s spy is still there", round->spy->name);
    SPYSTATS stats = stats_of(round->spy);
    CLAIM(stats.cObjects == 0 && stats.cLive == 0, "the %s spy is not released, or has %u blocks",
          round->spy->name, (unsigned)stats.cLive);
}

int main(int argc, char **argv)
{
    uint32_t steps = (uint32_t)crew_operand(argc, argv, 1, 6000);
    unsigned rounds = (unsigned)crew_operand(argc, argv, 2, 4);
    uint64_t seed = crew_operand(argc, argv, 3, 1);
    for (unsigned i = 0; i < rounds; i++) {
        run(&(struct round){&spies[i % 2], (uint32_t)seed + i, steps, i % 4 >= 2});
    }
    printf("spied %u %u %" PRIu64, (unsigned)steps, rounds, seed);
    for (size_t i = 0; i < sizeof spies / sizeof spies[0]; i++) {
        SPYSTATS stats = stats_of(&spies[i]);
        CLAIM(stats.cCalls > steps || rounds < 2, "the %s spy heard nothing", spies[i].name);
        printf("; %s: %u calls", spies[i].name, (unsigned)stats.cCalls);
    }
    printf("\n");
    return 0;
}
