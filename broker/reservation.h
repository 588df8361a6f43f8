/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations of one namespace: who is registered with which key, who holds it, and what a command
 * of a host makes of that (NVMe Base 2.0, Reservations); and whether it is write protected, which is
 * kept with that. Pure: no clock, no descriptor, no log. A
 * host is its 128-bit identifier, whatever controllers it has.
 */
#ifndef BROKER_RESERVATION_H
#define BROKER_RESERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/nvme.h"

enum { RESERVATION_REGISTRANTS = 128, RESERVATION_HOSTID = 16 };

struct registrant {
	uint8_t hostid[RESERVATION_HOSTID];
	uint64_t key;
};

struct reservation {
	uint32_t gen;
	uint32_t type;			/* enum nvme_resv_type; 0: not held */
	uint32_t holder;		/* index into reg, of types that one host holds; else 0 */
	uint32_t ptpl;			/* 1: survives the loss of power */
	uint32_t n;
	uint32_t wprotect;		/* 1: the namespace is write protected (Feature 84h) */
	struct registrant reg[RESERVATION_REGISTRANTS];
};

/* What a host asks for. Numbers in host order; Release has no second key. */
struct reservation_command {
	uint8_t opc;			/* NVME_NVM_RESERVATION_REGISTER, _ACQUIRE or _RELEASE */
	bool can_persist;		/* PTPL is to be had */
	uint32_t cdw10;
	uint64_t crkey, key2;		/* key2: NRKEY or PRKEY */
	uint8_t hostid[RESERVATION_HOSTID];
};

/* Whom to tell what: at most one notice (enum nvme_resv_notice) for each host. What a preempted host
 * has under way ends before that: so Preempt and Abort does what Preempt does. */
struct reservation_effect {
	uint32_t n;
	struct { uint8_t hostid[RESERVATION_HOSTID]; uint32_t type; } notice[
	    RESERVATION_REGISTRANTS];
};

/* 0, or a status with DNR; then nothing has changed and *effect is empty. */
uint16_t reservation_do(struct reservation *, const struct reservation_command *,
	    struct reservation_effect *);
/* May it read or write now? (Command Behavior in the Presence of a Reservation) */
bool	reservation_permits(const struct reservation *, const uint8_t hostid[RESERVATION_HOSTID],
	    bool write);
/* What is left of it after a loss of power. */
void	reservation_lasting(struct reservation *, const struct reservation *);
bool	reservation_holds(const struct reservation *, uint32_t index);
/* For what comes from elsewhere: are all numbers within bounds, and no host twice? */
bool	reservation_ok(const struct reservation *);

#endif
