/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identify: its command, and the structures that answer it.
 */
#ifndef WORKER_IDENTIFY_H
#define WORKER_IDENTIFY_H

#include <stdint.h>

#include "common/nvme.h"

struct ns;
struct nvme_id_ns;
struct nvme_id_ns_independent;
struct slot;

/* ---- identify.c ---- */
uint16_t identify_prepare(struct slot *);
void	identify_execute(struct slot *);

/* ---- identify_ctrl.c: all structures are zero before ---- */
void	identify_ctrl(const struct slot *, void *page);
void	identify_ctrl_nvm(const struct slot *, void *page);
void	identify_firmware(uint8_t fr[NVME_FR_BYTES]);

/* ---- identify_ns.c: so is room for descriptors ---- */
void	identify_ns(const struct ns *, struct nvme_id_ns *);
void	identify_ns_independent(const struct ns *, struct nvme_id_ns_independent *);
void	identify_ns_descs(const struct ns *, uint8_t *to);

/* ---- identify_list.c ---- */
void	identify_ns_list(const struct slot *, void *page);
void	identify_ctrl_list(const struct slot *, void *page);
void	identify_ns_ctrl_list(const struct slot *, void *page);
void	identify_command_sets(const struct slot *, void *page);

#endif
