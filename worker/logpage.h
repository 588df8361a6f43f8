/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a log page is declared, and what a controller keeps for those that are ours. A page is a row
 * in the room of its noun, and a line in the table of logpage.c; lane 0 reads them all.
 */
#ifndef WORKER_LOGPAGE_H
#define WORKER_LOGPAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/nvme.h"
#include "worker/engine.h"

struct controller;
struct ipc_page;
struct ns;
struct slot;

#define LOG_BUILT_MAX 4096u	/* bytes of a page that fill() makes */

/* Controllers that have it. */
#define LOG_IO		0x1u
#define LOG_DISCOVERY	0x2u

struct log {
	uint8_t lid;
	unsigned where;		/* LOG_IO, LOG_DISCOVERY */
	uint16_t lidsp;		/* LID Specific Parameter, in log 00h */
	bool per_ns;		/* NSID may name a namespace; of all others it is 0 or FFFFFFFFh */
	bool (*is_there)(const struct controller *);	/* NULL: always */
	/* LSP, LSI, CSI and what else the page has a use for; 0 or a status. NULL: it has none. */
	uint16_t (*check)(struct slot *);
	/* One of three. fill() makes the whole page in `size` zeroed bytes; view() has it elsewhere,
	 * *size bytes that stay until the command is answered; copy() makes any part of the
	 * measure() bytes that it has, and zeros behind them. */
	uint32_t size;
	void (*fill)(struct slot *, void *page);
	const uint8_t *(*view)(struct slot *, uint64_t *size);
	uint64_t (*measure)(struct slot *);
	void (*copy)(struct slot *, uint64_t offset, uint8_t *to, size_t len);
	void (*was_read)(struct slot *);	/* without RAE, and the answer has it; or NULL */
	void (*again)(struct slot *);	/* ... and then its event may come again; or NULL */
};

uint64_t log_offset(const struct slot *);	/* LPO, bytes */
uint8_t	log_lsp(const struct slot *);
bool	log_is_there(const struct controller *, uint8_t lid);

/* One for each page. */
extern const struct log log_ana, log_errors, log_health, log_firmware, log_changed_ns, log_effects,
    log_feature_effects, log_mi_effects, log_discovery, log_reservation;

/* ---- logpage.c ---- */
uint16_t logpage_prepare(struct slot *);
void	logpage_execute(struct slot *);

/* ---- changed.c: namespaces that changed since the host read log 04h ---- */
#define CHANGED_MAX 1024u
struct changed {
	uint32_t n;		/* CHANGED_MAX + 1: more than fit */
	uint32_t nsid[CHANGED_MAX];	/* sorted */
};
/* Attributes of a namespace changed, or it came or went: log 04h and its event. Lane 0. */
void	ns_changed(struct controller *, uint32_t nsid);
/* The broker told another row of a namespace; NULL: there was none, or is none any more. Lane 0. */
void	ns_told(struct controller *, const struct ns *old, const struct ns *new);

/* ---- health.c: log 02h; under error_lock, for any lane ---- */
struct health {
	uint64_t media_errors[ENGINE_FILES];	/* by slot of the namespace */
	uint8_t warning;	/* Critical Warning, as far as it cannot be computed */
	uint8_t news;		/* bits that came, lane 0 not told yet */
	uint8_t read_only[ENGINE_FILES / 8];	/* by failure: slots of namespaces */
};

/* With error_lock: what a failed command says of a namespace. True: lane 0 has news. */
bool	health_note(struct controller *, const struct slot *, uint16_t status);
void	health_tell(struct controller *);	/* lane 0: the event, if the host wishes for it */
void	health_listen(struct controller *, uint8_t warnings);	/* ... from now on */
void	health_init(struct controller *);
void	health_begin(struct controller *, unsigned file);	/* another namespace has this slot */
void	health_forget(struct controller *, const struct ns *);
/* With error_lock: Critical Warning, of a namespace or else of all. */
uint8_t	health_warning(struct controller *, uint32_t nsid);

/* ---- error_log.c: log 01h ---- */
/* An entry. Returns the status to answer with: M says that there is one, CRD when to try again.
 * From any lane. */
uint16_t ctrl_error(struct controller *, const struct slot *, uint16_t status);
void	ctrl_fault(struct controller *, uint32_t nsid, uint16_t status);	/* of no command; lane 0 */

/* ---- discovery.c: log 70h ---- */
/* Takes fd. A page that cannot be read leaves the last one in place. */
void	ctrl_page(struct controller *, int fd, const struct ipc_page *);

#endif
