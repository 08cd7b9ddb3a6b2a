// Claims of the programs in ATL's style, which need no framework: one that does not hold is
// printed, and counts.
#ifndef TESTS_UNIT_ATL_CLAIMS_H
#define TESTS_UNIT_ATL_CLAIMS_H

/// Counts, and prints where it stands, a claim that does not hold.
void check(bool holds, const char *claim, const char *file, int line);

#define CHECK(claim) check(claim, #claim, __FILE__, __LINE__)

/// Section 5's heaps and section 7's pointers: who owns what, and ends it when.
void check_owners();

#endif
