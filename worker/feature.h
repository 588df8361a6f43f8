/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a feature is declared, and the values that a controller keeps. A feature is a row in the room
 * of its noun, and a line in the table of feature.c. No value outlives the controller, so none can
 * be saved; a controller reset brings the defaults back.
 */
#ifndef WORKER_FEATURE_H
#define WORKER_FEATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/engine.h"

struct controller;
struct lane;
struct slot;

/* What can be done with it, as Get Features with SEL 3 says it. */
#define FEATURE_SAVEABLE	0x1u
#define FEATURE_NS		0x2u	/* one value for each namespace */
#define FEATURE_CHANGEABLE	0x4u

struct feature {
	uint8_t fid;
	uint8_t can;		/* FEATURE_ bits */
	bool discovery;		/* discovery controllers have it, too */
	bool needs_access;	/* it is not there while ANA keeps the namespace out of reach */
	uint32_t bits;		/* of CDW11 in Set: any other one is an Invalid Field */
	uint16_t len;		/* bytes of data, either way; 0: the value is a dword */
	bool (*is_there)(const struct controller *);	/* NULL: always */
	uint16_t (*check_get)(struct slot *);	/* CDW11; 0 or a status. NULL: nothing to judge */
	/* The value now, or the default: dword 0 of the answer, or len zeroed bytes of buf. */
	uint64_t (*get)(struct slot *, bool now);
	/* CDW11 to CDW15; 0 or a status. NULL: any. One that cannot be changed says here why. */
	uint16_t (*check_set)(struct slot *);
	void (*set)(struct slot *);	/* answers, now or later */
};

/* One for each feature. */
extern const struct feature feature_arbitration, feature_power, feature_temperature,
    feature_error_recovery, feature_cache, feature_queues, feature_coalescing, feature_atomicity,
    feature_events, feature_kato, feature_behavior, feature_hostid, feature_resv_mask,
    feature_resv_persistence, feature_protect;

/* Kelvin. A controller has to name thresholds (NVMe Base, WCTEMP and CCTEMP), whether it has a
 * temperature or not; the first is also the default of feature 04h. */
#define WARNING_TEMPERATURE	0x0157u
#define CRITICAL_TEMPERATURE	0x0161u

enum feature_words { WORD_ARBITRATION, WORD_POWER, WORD_OVER, WORD_UNDER, WORD_COALESCING,
	WORD_ATOMICITY, WORDS_MAX };

struct feature_values {
	uint32_t word[WORDS_MAX];
	uint16_t tler[ENGINE_FILES];	/* 05h: by slot of the namespace */
	uint32_t kato_ms;		/* of the Connect: the default */
	bool acre, copy_2;		/* 16h; any lane: __atomic */
	uint8_t etdas, lbafee;
};

/* ---- feature.c ---- */
uint16_t get_features_prepare(struct slot *);
void	get_features_execute(struct slot *);
uint16_t set_features_prepare(struct slot *);
void	set_features_execute(struct slot *);
uint32_t feature_effects(const struct controller *, uint8_t fid);	/* as in log 12h */
void	feature_reset(struct controller *);	/* the defaults again */
/* Did the host say that it knows copy descriptor format 2 (CDFE)? From any lane. */
bool	feature_copy_2(const struct controller *);
bool	feature_retry_delay(const struct controller *);		/* ACRE; from any lane */

/* ---- feature_protect.c: 84h ---- */
uint8_t	protect_offered(const struct controller *);	/* NWPC */
bool	protect_needs_flush(const struct slot *);	/* is it a Set that protects? */
void	protect_flush(struct controller *, uint32_t nsid);	/* then resv_protected */

/* ---- feature_cache.c: 06h ---- */
bool	feature_write_cache(const struct controller *);	/* is there a volatile one? */
void	cache_reset(struct controller *);	/* no I/O queue is open: it is on again */
/* Is a write of this lane to be durable before it is answered? */
bool	cache_is_off(const struct lane *);
/* A write of s, successful and not FUA, began while the cache was on: true when a flush was begun,
 * at whose end s is answered. s->op is idle and names the namespace. */
bool	cache_makes_durable(struct slot *);

#endif
