import { positions } from '../../core/model/cursor.ts';
import type { Device } from '../../core/model/device.ts';
import { changedDevice, helloed, isSameHello, mayHello, newDevice } from '../../core/model/device-hello.ts';
import { decideEnrolment } from '../../core/model/enrolment.ts';
import type { Devices } from '../../core/ports/devices.ts';
import { listPage } from './list-page.ts';

export const createMemoryDevices = (): Devices => {
  const rows = new Map<string, Device>();
  const keep = (row: Device): Device => {
    rows.set(row.id, row);
    return row;
  };

  return {
    async get(id) {
      return rows.get(id);
    },
    async getByLabel(label) {
      const found = [...rows.values()].filter((row) => row.label === label);
      // Two ids may hash to one label: then it names neither.
      return found.length === 1 ? found[0] : undefined;
    },
    async hello(id, facts) {
      const row = rows.get(id);
      if (row !== undefined && isSameHello(row, facts)) return { ok: true, row };
      if (!mayHello(row, facts.at)) return { ok: false, lost: 'too_soon', row };
      return { ok: true, row: keep(helloed(row ?? newDevice(id), facts)) };
    },
    async change(id, changes) {
      return keep(changedDevice(rows.get(id) ?? newDevice(id), changes));
    },
    async takeEnrolment(id, facts) {
      const row = rows.get(id);
      const decision = decideEnrolment(row, facts);
      if (row === undefined || !decision.ok)
        return { ok: false, lost: decision.ok ? 'not_listed' : decision.lost, row };
      return { ok: true, row: keep(changedDevice(row, { enrolment: decision.enrolment })) };
    },
    async list({ prefix = '', attribute, ...page }) {
      const matches = ({ id, attributes }: Device) =>
        id.startsWith(prefix) && (attribute === undefined || attributes[attribute.name] === attribute.value);
      return listPage([...rows.values()].filter(matches), page, {
        shape: positions.device(prefix),
        position: (row) => [row.id],
      });
    },
  };
};
