// A process to be killed: writes without end to the directory in its first argument, and prints each acknowledged
// number once the stand-in has answered. Row n comes in one transaction with its twin.
import { startDynamoDb } from '../../../local/dynamodb/dynamodb.ts';
import { claims } from './fixture.ts';

const standIn = await startDynamoDb({ path: process.argv[2] });
await standIn.createTable(claims);

const write = async (n: number): Promise<void> => {
  const TransactItems = ['left', 'right'].map((space) => ({
    Put: { TableName: claims.tableName, Item: { port: { N: String(n) }, space: { S: space } } },
  }));
  const { status } = await standIn.call('TransactWriteItems', { TransactItems });
  if (status === 200) process.stdout.write(`${n}\n`);
};

for (let n = 0; ; n += 8) await Promise.all(Array.from({ length: 8 }, (_, k) => write(n + k)));
