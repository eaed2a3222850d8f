import type { Tunnel } from '../../core/model/tunnel.ts';
import { type Image, readImage } from './image.ts';
import { type TunnelRow, tunnelOfRow } from './tunnel-row.ts';

/** The tunnel of an image of the table's change stream. */
export const tunnelOfImage = (image: Image): Tunnel => tunnelOfRow(readImage(image) as unknown as TunnelRow);
