/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asymmetric Namespace Access, as a host sees it.
 */
#ifndef WORKER_ANA_H
#define WORKER_ANA_H

#include <stdbool.h>

struct controller;
struct ns;
struct nvme_id_ctrl;

/* ---- ana.c: Asymmetric Namespace Access ---- */
bool	ana_is_offered(const struct controller *);
void	ana_identify(const struct controller *, struct nvme_id_ctrl *);
/* As ns_told(): log 0Ch has changed, and the event, if it is one. */
void	ana_told(struct controller *, const struct ns *old, const struct ns *new);

#endif
