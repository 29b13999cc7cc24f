exports.handler = (event, context, callback) => {
  switch (event.Do) {
    case 'echo': callback(null, event.With); break;
    case 'throw': throw new Error('boom');
    case 'fail': callback(new TypeError('called back')); break;
    case 'exit': process.exit(event.N); break;
    case 'hang': setTimeout(() => {}, 3600000); break;
    case 'late': // the answer waits for the event loop to be empty
      setTimeout(() => console.log('after the callback'), 20);
      callback(null, 'late');
      break;
    case 'early':
      context.callbackWaitsForEmptyEventLoop = false;
      setTimeout(() => {}, 3600000);
      callback(null, 'early');
      break;
    case 'never': break; // neither callback nor anything left to do
    case 'print':
      process.stdout.write('to stdout\n');
      process.stderr.write('to stderr\n');
      callback(null, null);
      break;
    case 'flood':
      for (let i = 0; i < event.N; i++) process.stdout.write(`${'x'.repeat(1023)}\n`);
      callback(null, null);
      break;
    case 'large': callback(null, 'x'.repeat(event.N)); break;
    case 'env': callback(null, process.env); break;
    case 'pid': callback(null, process.pid); break;
    case 'module': callback(null, require(event.With)); break;
    case 'context': callback(null, {
      requestId: context.awsRequestId, arn: context.invokedFunctionArn, name: context.functionName,
      version: context.functionVersion, memory: context.memoryLimitInMB,
      group: context.logGroupName, stream: context.logStreamName,
      remaining: context.getRemainingTimeInMillis(), custom: context.clientContext?.custom?.who,
    }); break;
    default: callback(null, null);
  }
};
