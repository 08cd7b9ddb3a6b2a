// heapfuzz record where there is no LD_PRELOAD: one sentence.

#include "cli/command.h"

int command_record(int argc, char **argv)
{
    (void)argc;
    refuse("%s: Windows has no LD_PRELOAD; record on Linux, and replay here", argv[0]);
}
