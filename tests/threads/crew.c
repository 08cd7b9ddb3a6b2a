// Threads, random numbers and claims; see crew.h. It knows no claim itself.

#define _GNU_SOURCE // For the processors that a thread may use.

#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK_BYTES (512 * KIB)

// A waiting thread checks this often before it lets others run.
#define LOOKS 2000U

void crew_fail(const char *file, int line, const char *format, ...)
{
    va_list operands;
    va_start(operands, format);
    (void)fprintf(stderr, "%s:%d: ", file, line);
    (void)vfprintf(stderr, format, operands);
    (void)fputc('\n', stderr);
    va_end(operands);
    (void)fflush(NULL);
    _exit(1); // Other threads run on, so nothing that they use may be torn down.
}

uint64_t crew_operand(int argc, char **argv, int index, uint64_t otherwise)
{
    if (index >= argc) {
        return otherwise;
    }
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(argv[index], &end, 0);
    if (errno != 0 || end == argv[index] || *end != '\0') {
        (void)fprintf(stderr, "%s: operand %d has to be a number, not '%s'\n", argv[0], index,
                      argv[index]);
        exit(2);
    }
    return number;
}

uint64_t crew_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t mixed = (*state ^ *state >> 30) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
    return mixed ^ mixed >> 31;
}

size_t crew_below(uint64_t *state, size_t end)
{
    return (size_t)(crew_random(state) % end);
}

void crew_stay(unsigned number)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) == 0) {
        return;
    }
    unsigned rest = number % (unsigned)CPU_COUNT(&allowed);
    size_t processor = 0;
    while (!CPU_ISSET(processor, &allowed) || rest-- > 0) {
        processor++;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    (void)sched_setaffinity(0, sizeof one, &one); // No use where it fails, but no harm.
}

struct crew_thread {
    crew_work work;
    void *argument;
    struct crew_meeting *begin;
    unsigned number, count;
    pthread_t thread;
};

static void *run(void *argument)
{
    struct crew_thread *thread = argument;
    if (thread->begin != NULL) {
        crew_meet(thread->begin, thread->count);
    }
    thread->work(thread->number, thread->argument);
    return NULL;
}

static struct crew_thread *start(struct crew_thread as)
{
    struct crew_thread *thread = malloc(sizeof *thread);
    CLAIM(thread != NULL, "there is no memory for a thread");
    *thread = as;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    CLAIM(error == 0, "a thread's attributes can't be made: error %d", error);
    error = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    CLAIM(error == 0, "a thread's stack can't be so small: error %d", error);
    error = pthread_create(&thread->thread, &attributes, run, thread);
    CLAIM(error == 0, "a thread can't be started: error %d", error);
    (void)pthread_attr_destroy(&attributes);
    return thread;
}

struct crew_thread *crew_start(crew_work work, unsigned number, void *argument)
{
    return start((struct crew_thread){.work = work, .number = number, .argument = argument});
}

void crew_join(struct crew_thread *thread)
{
    int error = pthread_join(thread->thread, NULL);
    CLAIM(error == 0, "a thread can't be joined: error %d", error);
    free(thread);
}

void crew_run(unsigned count, crew_work work, void *argument)
{
    struct crew_meeting begin = {0};
    struct crew_thread **threads = calloc(count, sizeof(struct crew_thread *));
    CLAIM(threads != NULL, "there is no memory for the threads");
    for (unsigned i = 0; i < count; i++) {
        threads[i] = start((struct crew_thread){
            .work = work, .argument = argument, .begin = &begin, .number = i, .count = count});
    }
    for (unsigned i = 0; i < count; i++) {
        crew_join(threads[i]);
    }
    free(threads);
}

void crew_meet(struct crew_meeting *meeting, unsigned count)
{
    unsigned round = atomic_load_explicit(&meeting->round, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&meeting->arrived, 1, memory_order_acq_rel) + 1 == count) {
        atomic_store_explicit(&meeting->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&meeting->round, round + 1, memory_order_release);
        return;
    }
    for (unsigned i = 1; atomic_load_explicit(&meeting->round, memory_order_acquire) == round;
         i++) {
        if (i % LOOKS == 0) {
            (void)sched_yield();
        }
    }
}

void crew_no_fault(void *context, enum ch_fault fault, const void *block)
{
    (void)context;
    crew_fail(__FILE__, __LINE__, "a fault was raised: %s (%p)", ch_fault_sentence(fault), block);
}
