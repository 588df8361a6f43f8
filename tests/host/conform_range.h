/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows that every command with SLBA and NLB has: which namespaces there are, where ranges end, and
 * what may not be in its SQE. The names of the rows begin with that of the command.
 */
#ifndef TESTS_HOST_CONFORM_RANGE_H
#define TESTS_HOST_CONFORM_RANGE_H

#include "tests/host/conform.h"

#define INVALID "Base 2.0, 3.2.1.2: an invalid NSID"
#define BROADCAST "Base 2.0, 3.2.1.2: FFFFFFFFh where it has no meaning"
#define INACTIVE "Base 2.0, 3.2.1.4: an inactive NSID"
#define RANGE "NVM Command Set 1.0, 3.1.2: LBA Out of Range"
#define RESERVED "Base 2.0, 1.4: reserved bits"
#define PI "NVM Command Set 1.0, 5.2: no protection information"
#define SGL_SHORT "Base 2.0, 4.1.2: an SGL that is too short"
#define SGL_LONG "Base 2.0, 4.1.2: an SGL that is too long, SGLS bit 18 is 0"

/* After the name: run, place, opcode, and the direction of the data if there is any. */
#define RANGE_ROWS(n, ...)							\
	{ n "-nsid-0", INVALID, DNR(ST_NAMESPACE), .nsid = N_ZERO, __VA_ARGS__ },	\
	{ n "-nsid-after-nn", INVALID, DNR(ST_NAMESPACE), .nsid = N_AFTER, __VA_ARGS__ }, \
	{ n "-nsid-fffffffe", INVALID, DNR(ST_NAMESPACE), .nsid = N_FFFFFFFE, __VA_ARGS__ }, \
	{ n "-nsid-all", BROADCAST, DNR(ST_NAMESPACE), { DNR(ST_FIELD) }, .nsid = N_ALL,	\
	    __VA_ARGS__ },							\
	{ n "-nsid-inactive", INACTIVE, DNR(ST_FIELD), .nsid = N_INACTIVE,		\
	    __VA_ARGS__ },							\
	{ n "-first", NULL, 0, .slba = 0, __VA_ARGS__ },				\
	{ n "-last", NULL, 0, END(-1), __VA_ARGS__ },				\
	{ n "-last-two", NULL, 0, END(-2), .nlb = 2, __VA_ARGS__ },		\
	{ n "-at-end", RANGE, DNR(ST_LBA), END(0), __VA_ARGS__ },			\
	{ n "-across-end", RANGE, DNR(ST_LBA), END(-1), .nlb = 2, __VA_ARGS__ },	\
	{ n "-wrap", RANGE, DNR(ST_LBA), .slba = UINT64_MAX, .nlb = 2, __VA_ARGS__ },	\
	{ n "-slba-max", RANGE, DNR(ST_LBA), .slba = UINT64_MAX, __VA_ARGS__ },		\
	{ n "-slba-2^63", RANGE, DNR(ST_LBA), .slba = 1ull << 63, __VA_ARGS__ },		\
	{ n "-bytes-wrap", RANGE, DNR(ST_LBA), .slba = 1ull << 55, __VA_ARGS__ },	\
	{ n "-4k-last", NULL, 0, .nsid = N_FILE, END(-1), __VA_ARGS__ },			\
	{ n "-4k-at-end", RANGE, DNR(ST_LBA), .nsid = N_FILE, END(0), __VA_ARGS__ },	\
	{ n "-reserved-cdw2-3", RESERVED, 0, { DNR(ST_FIELD) },			\
	    PATCH(8, 8, UINT64_MAX), __VA_ARGS__ },				\
	{ n "-fuse-reserved", "Base 2.0, 3.3.3.1: FUSE 11b", DNR(ST_FIELD),		\
	    PATCH(SQE_FLAGS, 1, SPEC_PSDT_SGL | 3), __VA_ARGS__ },			\
	{ n "-prp", "NVMe-TCP 1.0, 3.3: PRPs are not used on fabrics", DNR(ST_FIELD),	\
	    PATCH(SQE_FLAGS, 1, 0), __VA_ARGS__ },					\
	{ n "-psdt-reserved", "Base 2.0, 3.3.3.1: PSDT 11b", DNR(ST_FIELD),		\
	    PATCH(SQE_FLAGS, 1, 0xc0), __VA_ARGS__ }

/* Of those with data. */
#define DATA_ROWS(n, ...)							\
	{ n "-mptr", PI, 0, { DNR(ST_FIELD) }, PATCH(16, 8, 0x1000), __VA_ARGS__ },	\
	{ n "-sgl-short", SGL_SHORT, DNR(ST_SGL_LENGTH), .nlb = 2, LENGTH(512), __VA_ARGS__ },	\
	{ n "-sgl-odd", SGL_SHORT, DNR(ST_SGL_LENGTH), LENGTH(511), __VA_ARGS__ },		\
	{ n "-sgl-0", SGL_SHORT, DNR(ST_SGL_LENGTH), LENGTH(0), __VA_ARGS__ },		\
	{ n "-sgl-long", SGL_LONG, DNR(ST_SGL_LENGTH), LENGTH(1024), __VA_ARGS__ }

#define END(n) .flags = C_END, .slba = (uint64_t)(n)
#define LENGTH(n) .flags = C_LEN, .len = (n)
#define PATCH(a, w, v) .patch = { (a), (w), (v) }

#endif
