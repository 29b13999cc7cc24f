import { greet } from './lib/greet.mjs';

const prefix = await Promise.resolve('hello '); // top-level await

export const handler = async (event, context) => {
  switch (event.Do) {
    case 'echo': return event.With;
    case 'greet': return prefix + greet(event.With);
    case 'throw': throw new Error('boom');
    case 'throwText': throw 'just text'; // eslint-disable-line
    case 'reject': Promise.reject(new Error('unheard')); return new Promise(() => { setTimeout(() => {}, 60000); });
    case 'exit': return process.exit(event.N);
    case 'hang': return new Promise(() => { setTimeout(() => {}, 3600000); });
    case 'print':
      process.stdout.write('to stdout\n');
      process.stderr.write('to stderr\n');
      console.log('logged', { a: 1 });
      console.error('two\nlines');
      return null;
    case 'flood':
      for (let i = 0; i < event.N; i++) process.stdout.write(`${'x'.repeat(1023)}\n`);
      return null;
    case 'large': return 'x'.repeat(event.N);
    case 'circular': { const a = {}; a.a = a; return a; }
    case 'env': return process.env;
    case 'pid': return process.pid;
    case 'module': return (await import(event.With)).default;
    case 'nothing': return undefined;
    case 'context': return {
      requestId: context.awsRequestId, arn: context.invokedFunctionArn, name: context.functionName,
      version: context.functionVersion, memory: context.memoryLimitInMB,
      group: context.logGroupName, stream: context.logStreamName,
      remaining: context.getRemainingTimeInMillis(), custom: context.clientContext?.custom?.who,
    };
    default: return null;
  }
};

export const nested = { deep: { handler: async () => 'deep' } };
export const text = 'not a function';
export const stream = awslambda.streamifyResponse(async (event, out) => {
  out.write('{"streamed":');
  out.end('true}');
});
