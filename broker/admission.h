/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An admission under way: what admission.c collects, admission_tell.c records and tells the worker.
 * Nobody else includes this.
 */
#ifndef BROKER_ADMISSION_H
#define BROKER_ADMISSION_H

#include "broker/broker.h"

enum want_state { WANT_DRAIN, WANT_OPENER, WANT_HAVE, WANT_LEFT_OUT };

/* One namespace on its way to the worker. */
struct want {
	struct admission *admission;
	struct backend *backend;
	enum want_state state;
	bool readonly;
	uint64_t lock_offset;
	struct opener_job *job;
	int fd;
};

struct admission {
	struct session *session;
	struct admit_verdict verdict;
	bool feeding;			/* all is there: it is being told */
	uint32_t fed;			/* of want[] */
	uint32_t n;
	struct want want[];
};

/* admission_tell.c: tell_* return 0, or -1 when it is to be tried again. */
enum admit_reason admission_record(struct admission *);	/* ADMIT_OK: kept */
int	admission_tell_ns(struct admission *, struct want *);
int	admission_tell_admit(struct admission *);

#endif
