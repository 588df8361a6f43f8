/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of ANA groups: of each group of each subsystem one through every listener. Where each began
 * is in the configuration; what was set since then outlives the broker, in a page that the warden
 * keeps, for as long as the configuration says what it said then. Pure: no log, no message.
 */
#ifndef BROKER_ANA_H
#define BROKER_ANA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/configuration.h"

/* A group through a listener. States are those of enum nvme_ana_state. */
struct ana_cell {
	uint32_t configured;
	uint32_t target;		/* what was asked for last */
	uint32_t state;			/* what hosts see: NVME_ANA_CHANGE on the way there */
	uint32_t reserved;
	uint64_t count;			/* of changes of the state, from 1 */
};

struct ana;

/* All as configured. NULL: no memory. */
struct ana *ana_new(const struct config *);
void	ana_free(struct ana *);

/* Of a listener by its index, or CONFIG_NO_LISTENER for any that is not there. NULL: no such group. */
struct ana_cell *ana_find(struct ana *, const struct config_subsystem *, uint32_t group,
	    uint32_t listener);

/* Is there a time in between, in which commands begun before the change are finished? Only where
 * it gives or takes access. */
bool	ana_is_transition(uint32_t from, uint32_t to);
void	ana_set_state(struct ana_cell *, uint32_t state);	/* counts, if it is another one */

/* What differs from the configuration, or has ever: bytes for the page, to be freed. NULL: no
 * memory. ana_restore() believes nothing that is not whole. */
void	*ana_save(const struct ana *, size_t *size);
void	ana_restore(struct ana *, const void *page, size_t size);

/* ana_name.c: as people write it; "configured" is 0. NULL or -1: no such state. */
const char *ana_state_name(uint32_t state);
int	ana_state_number(const char *name);

#endif
