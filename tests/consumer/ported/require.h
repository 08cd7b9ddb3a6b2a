// The one word that these programs have beside Windows': a claim that does not hold ends the
// program with status 1.
#ifndef TESTS_CONSUMER_PORTED_REQUIRE_H
#define TESTS_CONSUMER_PORTED_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define REQUIRE(claim)                                                                             \
    ((claim) ? (void)0                                                                             \
             : (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim), exit(1)))

#endif
