using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace FlashHead.Tests
{
    /// <summary>The tests that the package has for Unity's own runner, run as that runner does it: one step of a test's
    /// enumerator in each frame. Not Unity, but no test there is only compiled.</summary>
    [TestFixture]
    public class UnityTests
    {
        static IEnumerable<TestCaseData> All(string assembly)
        {
            return from type in Assembly.Load(assembly).GetTypes()
                   from method in type.GetMethods()
                   where Attribute.IsDefined(method, typeof(UnityTestAttribute)) || Attribute.IsDefined(method, typeof(TestAttribute))
                   select new TestCaseData(method).SetName(type.Name + "." + method.Name);
        }

        static IEnumerable<TestCaseData> Tests => All("FlashHead.Tests.Runtime").Concat(All("FlashHead.Tests.Editor"));

        [SetUp]
        public void Begin()
        {
            Assembly.Load("FlashHead.Editor"); // as the editor loads all assemblies
            Application.isEditor = true;
            Engine.Begin();
            Engine.NowS = 100;
            var words = Environment.GetEnvironmentVariable("FLASHHEAD_TEST_WORKER").Split('|');
            Environment.SetEnvironmentVariable("FLASHHEAD_ENDPOINT", words[0]);
            Environment.SetEnvironmentVariable("FLASHHEAD_TOKEN", words[1]);
        }

        [TestCaseSource("Tests")]
        public void ItPasses(MethodInfo test)
        {
            var (textures, meshes) = (Engine.TexturesAlive, Engine.MeshesAlive);
            var fixture = Activator.CreateInstance(test.DeclaringType);
            Call<SetUpAttribute>(fixture);
            try
            {
                var returned = Result(test, fixture);
                if (returned is IEnumerator steps) Drive(steps, Stopwatch.StartNew(), Engine.NowS);
                Assert.That(LogAssert.Settle(), Is.Empty);
            }
            finally
            {
                Call<TearDownAttribute>(fixture);
            }
            Assert.That(Engine.TexturesAlive, Is.EqualTo(textures), "every texture was freed");
            Assert.That(Engine.MeshesAlive, Is.EqualTo(meshes), "every mesh too");
        }

        static void Drive(IEnumerator steps, Stopwatch watch, double beganS)
        {
            while (steps.MoveNext())
            {
                if (steps.Current is IEnumerator inner) Drive(inner, watch, beganS);
                Thread.Sleep(10);
                Engine.Frame(Math.Max(1e-4, beganS + watch.Elapsed.TotalSeconds - Engine.NowS));
            }
        }

        static void Call<T>(object fixture) where T : Attribute
        {
            foreach (var method in fixture.GetType().GetMethods().Where(one => Attribute.IsDefined(one, typeof(T)))) Result(method, fixture);
        }

        static object Result(MethodInfo method, object fixture)
        {
            try
            {
                return method.Invoke(fixture, null);
            }
            catch (TargetInvocationException error)
            {
                throw error.InnerException;
            }
        }

        public static IEnumerator FailsInItsThirdFrame()
        {
            yield return null;
            yield return null;
            Assert.Fail("third frame");
        }

        [Test]
        public void AFailureInALaterFrameIsSeen()
        {
            Assert.Throws<AssertionException>(() => Drive(FailsInItsThirdFrame(), Stopwatch.StartNew(), Engine.NowS));
        }

        [Test]
        public void AnErrorThatIsNotExpectedIsSeenAndOneThatDidNotComeToo()
        {
            UnityEngine.Debug.LogError("broken", null);
            Assert.That(LogAssert.Settle(), Is.EqualTo(new[] { "error: broken" }));
            Engine.Warnings.Clear();
            LogAssert.Expect(LogType.Error, new System.Text.RegularExpressions.Regex("other"));
            Assert.That(LogAssert.Settle(), Is.EqualTo(new[] { "did not come: other" }));
        }
    }
}
