// The progress line. On a terminal it is never wider than the terminal: rewriting it would leave
// pieces behind. It leaves out the fields that do not fit, the least important first.

#include "cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "laws/counters.h"
#include "world/clock.h"
#include "world/os.h"

// Seconds between two lines where they are not rewritten.
#define LINE_SECONDS 10.0

bool progress_is_live(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

void progress_begin(struct progress *progress, size_t seconds)
{
    *progress = (struct progress){
        .is_live = progress_is_live(),
        .began = clock_seconds(),
        .seconds = seconds,
    };
    progress->printed = progress->began;
}

static size_t width(const struct progress *progress)
{
    if (!progress->is_live) {
        return SIZE_MAX;
    }
    size_t columns = os_columns();
    return columns == 0 ? 79 : columns - 1; // In the last some terminals go on to the next line.
}

// Returns false iff the field does not fit; then no later one is added either.
__attribute__((format(printf, 3, 4))) static bool add(char *line, size_t width_columns,
                                                      const char *format, ...)
{
    char field[64];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(field, sizeof field, format, arguments);
    va_end(arguments);
    if (strlen(line) + strlen(field) > width_columns) {
        return false;
    }
    memcpy(line + strlen(line), field, strlen(field) + 1);
    return true;
}

static void print_time(char *text, size_t capacity_bytes, size_t seconds)
{
    if (seconds < 3600) {
        (void)snprintf(text, capacity_bytes, "%zu:%02zu", seconds / 60, seconds % 60);
    } else {
        (void)snprintf(text, capacity_bytes, "%zu:%02zu:%02zu", seconds / 3600, seconds / 60 % 60,
                       seconds % 60);
    }
}

// Three digits and a letter, so that a field keeps its place.
static void print_rate(char *text, size_t capacity_bytes, double rate)
{
    const char *letters = " kMG";
    while (rate >= 999.5 && letters[1] != '\0') {
        rate /= 1000;
        letters++;
    }
    int digits = *letters == ' ' || rate >= 99.95 ? 0 : 1;
    (void)snprintf(text, capacity_bytes, "%.*f%.1s", digits, rate, *letters == ' ' ? "" : letters);
}

static double per_second(uint64_t now, uint64_t before, double seconds)
{
    return seconds > 0 && now > before ? (double)(now - before) / seconds : 0;
}

static void print_line(const struct progress *progress, const struct fuzzer_output *fuzzer,
                       double now)
{
    char line[512] = "";
    char left[32];
    char programs[16];
    char calls[16];
    size_t last = (progress->ticks - 1) % PROGRESS_SAMPLES;
    size_t first = progress->ticks > PROGRESS_SAMPLES ? progress->ticks % PROGRESS_SAMPLES : 0;
    size_t columns = width(progress);
    double span = progress->samples[last].time - progress->samples[first].time;
    double passed = now - progress->began;
    print_time(left, sizeof left,
               passed < (double)progress->seconds ? progress->seconds - (size_t)passed : 0);
    print_rate(
        programs, sizeof programs,
        per_second(progress->samples[last].programs, progress->samples[first].programs, span));
    print_rate(calls, sizeof calls,
               per_second(progress->samples[last].calls, progress->samples[first].calls, span));
    bool has_room = add(line, columns, "%5s left", left) &&
                    add(line, columns, "  %5s programs/s", programs) &&
                    (progress->samples[last].calls == 0 || // Target text makes none.
                     add(line, columns, "  %5s calls/s", calls));
    if (has_room && fuzzer->coverage == 0) { // libFuzzer prints nothing before its end.
        (void)add(line, columns, "  reading the corpus");
    } else if (has_room) {
        (void)(add(line, columns, "  cov %4lu", fuzzer->coverage) &&
               add(line, columns, "  corpus %4lu", fuzzer->corpus_programs) &&
               add(line, columns, "  %4lu MB", fuzzer->memory_mb));
    }
    printf(progress->is_live ? "\r%s\033[K" : "%s\n", line);
    fflush(stdout);
}

void progress_tick(struct progress *progress, const struct fuzzer_output *fuzzer)
{
    double now = clock_seconds();
    size_t at = progress->ticks++ % PROGRESS_SAMPLES;
    progress->samples[at].time = now;
    progress->samples[at].programs = counters->programs;
    progress->samples[at].calls = counters->calls;
    if (progress->is_live || now - progress->printed >= LINE_SECONDS) {
        progress->printed = now;
        print_line(progress, fuzzer, now);
    }
}

void progress_end(const struct progress *progress)
{
    if (progress->is_live) {
        printf("\r\033[K");
    }
    fflush(stdout);
}
