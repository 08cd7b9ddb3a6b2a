// Windows can't give a child this process's memory as it stands, so there are no trials. A command
// that needs one ends with a sentence.

#include "runner/trial.h"

#include <stdio.h>
#include <stdlib.h>

void trial_may_take(unsigned most_seconds)
{
    (void)most_seconds;
}

trial_verdict trial_call(void (*act)(const void *context), const void *context, bool is_shown)
{
    (void)act, (void)context, (void)is_shown;
    fprintf(stderr, "heapfuzz: this runs programs in processes of their own, which it can't on "
                    "Windows\n");
    exit(2);
}
