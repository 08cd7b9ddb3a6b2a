// Findings as text.
#ifndef FINDINGS_REPORT_H
#define FINDINGS_REPORT_H

#include <stdio.h>

#include "laws/finding.h"
#include "runner/run.h"

/// Makes this process report findings to standard error, and end as `end` says.
void report_findings(enum finding_end end);

/// Prints an op of a run and what it answered, as one line: its number, its text, its answer.
void report_op(FILE *file, const struct run *run, size_t op_index);

#endif
