import { EventEmitter } from 'node:events';
import { asksToEnd } from '../../../agent/ending.ts';

class FakeProgram extends EventEmitter {
  readonly connected: boolean | undefined;
  constructor(connected?: boolean) {
    super();
    this.connected = connected;
  }
}

const watch = (program: FakeProgram) => {
  let again = 0;
  const asked = asksToEnd(program, () => {
    again += 1;
  });
  return { asked, again: () => again };
};

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
  ['disconnect', 'the parent process has gone'],
])('%s ends it', async (event, why) => {
  const program = new FakeProgram();
  const { asked, again } = watch(program);
  program.emit(event);
  expect(await asked).toBe(why);
  expect(again()).toBe(0);
});

test('a parent that went before anybody looked ends it too', async () => {
  expect(await watch(new FakeProgram(false)).asked).toBe('the parent process has gone');
});

test.each(['SIGTERM', 'SIGINT'])('whoever asks twice, the second time by %s, does not want to wait', (second) => {
  const program = new FakeProgram();
  const { again } = watch(program);
  program.emit('SIGTERM');
  program.emit(second);
  expect(again()).toBe(1);
});
