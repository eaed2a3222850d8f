// A device on the AWS IoT device SDK's MQTT 5 client, as its own process: the library lives on for 8 s after its end.
// It takes its settings as JSON in argv[2], tells what happens as JSON lines, and answers each message on `echo`.
import { iot, mqtt5 } from 'aws-iot-device-sdk-v2';

interface Settings {
  readonly port: number;
  readonly clientId: string;
  readonly certificate: string;
  readonly privateKey: string;
  readonly authority: string;
  readonly filter: string;
  readonly echo: string;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const tell = (event: string, details: object = {}) =>
  process.stdout.write(`${JSON.stringify({ event, ...details })}\n`);

const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
  'localhost',
  settings.certificate,
  settings.privateKey,
);
builder.withCertificateAuthority(settings.authority);
builder.withPort(settings.port);
builder.withMinReconnectDelayMs(100);
builder.withMaxReconnectDelayMs(200);
builder.withSessionBehavior(mqtt5.ClientSessionBehavior.RejoinAlways);
builder.withConnectProperties({
  clientId: settings.clientId,
  keepAliveIntervalSeconds: 30,
  sessionExpiryIntervalSeconds: 600,
});
const client = new mqtt5.Mqtt5Client(builder.build());

client.on('connectionSuccess', async ({ connack, settings: negotiated }) => {
  tell('connected', { sessionPresent: connack.sessionPresent, maximumQos: negotiated.maximumQos });
  if (connack.sessionPresent) return;
  const { reasonCodes } = await client.subscribe({ subscriptions: [{ topicFilter: settings.filter, qos: 1 }] });
  tell('subscribed', { reasonCodes });
});
client.on('connectionFailure', ({ connack }) => tell('refused', { reasonCode: connack?.reasonCode }));
client.on('disconnection', ({ disconnect }) => tell('disconnected', { reasonCode: disconnect?.reasonCode }));
client.on('messageReceived', async ({ message }) => {
  const text = Buffer.from(message.payload as ArrayBuffer).toString();
  tell('message', { topic: message.topicName, text });
  const puback = await client.publish({ topicName: settings.echo, payload: `echo ${text}`, qos: 1 });
  tell('echoed', { reasonCode: puback?.reasonCode });
});
client.start();

// Its parent closes our standard input to end us.
process.stdin.on('end', () => process.exit(0)).resume();
