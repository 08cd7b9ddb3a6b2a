// A port's build without clang, libFuzzer and fork: one sentence.

#include "cli/command.h"
#include "cli/port_parts.h"

_Noreturn void port_build(const struct port *port)
{
    refuse("%s: %s: ports are built where libFuzzer is, which is not on Windows",
           port->command.at[0], port->sides[0].sources.at[0]);
}
