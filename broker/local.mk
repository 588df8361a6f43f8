# broker: the privileged family.
EXTRA_DIST += %D%/configuration.h
