import { createHash } from 'node:crypto';
import type { Random } from '../ports/random.ts';
import { toBase32 } from './base32.ts';

/** An AWS IoT thing name: 1-128 of these characters. */
export const deviceIdPattern = /^[a-zA-Z0-9:_-]{1,128}$/;
export const tunnelIdPattern = /^[a-z2-7]{16}$/;
export const serverIdPattern = /^r[a-z2-7]{9}$/;
export const operatorIdPattern = /^o[a-z2-7]{25}$/;
export const grantIdPattern = /^[a-z2-7]{16}$/;

/** 80 random bits: unguessable in practice, though never the protection. */
export const newTunnelId = (random: Random): string => toBase32(random.bytes(10));
export const newGrantId = newTunnelId;

/** New at every start of a relay process: 45 random bits. */
export const newServerId = (random: Random): string => `r${toBase32(random.bytes(6)).slice(0, 9)}`;

/**
 * Who an operator is: issuer and subject, never an e-mail. 125 bits of SHA-256, so that the id fits topics, client ids
 * and keys, and says nothing of the person.
 */
export const operatorIdOf = (issuer: string, subject: string): string =>
  `o${toBase32(createHash('sha256').update(`${issuer}\n${subject}`).digest()).slice(0, 25)}`;

/** A stable bucket of an id, for indexes that must be read in order without one hot partition. */
export const bucketOf = (id: string, buckets: number): number =>
  createHash('sha256').update(id).digest().readUInt32BE(0) % buckets;
